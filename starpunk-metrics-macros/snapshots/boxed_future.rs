fn later<'a>(&'a self) -> Pin<Box<dyn Future<Output = u8> + Send + 'a>> {
    fn __starpunk_name() -> &'static ::core::primitive::str {
        ::core::any::type_name_of_val(&__starpunk_name)
    }
    static __STARPUNK_CALLSITE: ::starpunk_metrics::__private::Callsite = ::starpunk_metrics::__private::Callsite::new(
        ::starpunk_metrics::__private::CallKind::Business,
        __starpunk_name,
    );
    Box::pin(
        ::starpunk_metrics::__private::Tracked::new(
            &__STARPUNK_CALLSITE,
            move || (
                ::starpunk_metrics::__private::NoFields,
                async move { self.number().await },
            ),
            |__starpunk_output: &u8| {
                use ::starpunk_metrics::__private::AnyOutput as _;
                ::starpunk_metrics::__private::Probe(__starpunk_output)
                    .__starpunk_ask()
                    .__starpunk_outcome(
                        ::core::option::Option::None,
                        |__starpunk_value| {
                            ::starpunk_metrics::__private::Probe(__starpunk_value)
                                .__starpunk_ask()
                                .__starpunk_class()
                        },
                        |__starpunk_error| {
                            ::starpunk_metrics::__private::Probe(__starpunk_error)
                                .__starpunk_ask()
                                .__starpunk_failure()
                        },
                    )
            },
        ),
    )
}

async fn recent_notes(&self, n: usize) -> Result<Vec<Note>, DbError> {
    fn __starpunk_name() -> &'static ::core::primitive::str {
        ::core::any::type_name_of_val(&__starpunk_name)
    }
    static __STARPUNK_CALLSITE: ::starpunk_metrics::__private::Callsite = ::starpunk_metrics::__private::Callsite::new(
            ::starpunk_metrics::__private::CallKind::Query,
            __starpunk_name,
        )
        .slow_above(50000000u64)
        .table("notes");
    ::starpunk_metrics::__private::Tracked::new(
            &__STARPUNK_CALLSITE,
            move || (
                ::starpunk_metrics::__private::NoFields,
                async move {
                    if let ::core::option::Option::Some(__starpunk_return) = ::core::option::Option::None::<
                        Result<Vec<Note>, DbError>,
                    > {
                        return __starpunk_return;
                    }
                    {
                        const _: () = ();
                        self.pool.get().await?.recent(n).await
                    }
                },
            ),
            |__starpunk_output| {
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
        )
        .await
}

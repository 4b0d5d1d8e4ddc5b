#[track_caller]
fn parse(text: &str) -> Result<u8, ParseIntError> {
    fn __starpunk_name() -> &'static ::core::primitive::str {
        ::core::any::type_name_of_val(&__starpunk_name)
    }
    static __STARPUNK_CALLSITE: ::starpunk_metrics::__private::Callsite = ::starpunk_metrics::__private::Callsite::new(
        ::starpunk_metrics::__private::CallKind::Business,
        __starpunk_name,
    );
    let __starpunk_guard = ::starpunk_metrics::__private::Guard::start(
        &__STARPUNK_CALLSITE,
        ::starpunk_metrics::__private::NoFields,
        ::starpunk_metrics::__private::Outcome::Error("early_return"),
    );
    #[allow(unused_braces, clippy::unit_arg)]
    let __starpunk_output: Result<u8, ParseIntError> = '__starpunk_body: {
        if let ::core::option::Option::Some(__starpunk_return) = ::core::option::Option::None::<
            Result<u8, ParseIntError>,
        > {
            break '__starpunk_body __starpunk_return;
        }
        {
            const _: () = ();
            if text.is_empty() {
                break '__starpunk_body Ok(0);
            }
            Ok(
                match ::starpunk_metrics::__private::Branch::branch(text.parse::<u8>()) {
                    ::core::ops::ControlFlow::Continue(__starpunk_value) => {
                        __starpunk_value
                    }
                    ::core::ops::ControlFlow::Break(__starpunk_rest) => {
                        break '__starpunk_body ::starpunk_metrics::__private::FromResidual::from_residual(
                            __starpunk_rest,
                        );
                    }
                } + 1,
            )
        }
    };
    __starpunk_guard
        .finish(
            __starpunk_output,
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
}

//! The gate of doc.go in Rust.

use log::info;
use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel, MetricType};
use std::time::Duration;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root::default()));
}}

#[derive(Default)]
struct Root {
    greeting: String,
    requests: u32,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let config = self.get_plugin_configuration().unwrap_or_default();
        self.greeting = String::from_utf8(config).unwrap_or_default();
        if self.greeting.contains(' ') {
            log::error!("want one word");
            return false;
        }
        self.requests = hostcalls::define_metric(MetricType::Counter, "gate_requests").unwrap();
        self.set_tick_period(Duration::from_secs(1));
        true
    }

    fn on_tick(&mut self) {
        let (value, cas) = self.get_shared_data("ticks");
        let text = (number(value) + 1).to_string();
        self.set_shared_data("ticks", Some(text.as_bytes()), cas)
            .unwrap();
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Gate {
            greeting: self.greeting.clone(),
            requests: self.requests,
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Gate {
    greeting: String,
    requests: u32,
}

impl Context for Gate {
    fn on_http_call_response(
        &mut self,
        _token: u32,
        _headers: usize,
        size: usize,
        _trailers: usize,
    ) {
        if self.get_http_call_response_header(":status").as_deref() != Some("200") {
            self.send_http_response(403, vec![], Some(b"unknown token"));
            return;
        }
        let user = self
            .get_http_call_response_body(0, size)
            .unwrap_or_default();
        self.add_http_request_header("x-user", &String::from_utf8_lossy(&user));
        self.set_property(vec!["user"], Some(&user));
        self.resume_http_request();
    }
}

impl HttpContext for Gate {
    fn on_http_request_headers(&mut self, _count: usize, _end: bool) -> Action {
        let Some(token) = self.get_http_request_header("x-token") else {
            self.send_http_response(401, vec![("x-gate", "shut")], Some(b"no token"));
            return Action::Pause;
        };
        let method = self
            .get_property(vec!["request", "method"])
            .unwrap_or_default();
        self.add_http_request_header("x-method", &String::from_utf8_lossy(&method));
        self.set_http_request_header("content-length", None);
        let path = format!("/{token}");
        let headers = vec![
            (":method", "GET"),
            (":path", path.as_str()),
            (":authority", "accounts"),
        ];
        if self
            .dispatch_http_call("accounts", headers, None, vec![], Duration::from_secs(1))
            .is_err()
        {
            self.send_http_response(500, vec![], Some(b"no callout"));
        }
        Action::Pause
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        if !end {
            return Action::Pause;
        }
        let body = self.get_http_request_body(0, size).unwrap_or_default();
        self.set_http_request_body(0, size, &[self.greeting.as_bytes(), b" ", &body].concat());
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, _end: bool) -> Action {
        let (ticks, _) = self.get_shared_data("ticks");
        self.add_http_response_header("x-ticks", &number(ticks).to_string());
        self.set_http_response_header("content-length", None);
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, _end: bool) -> Action {
        let body = self.get_http_response_body(0, size).unwrap_or_default();
        self.set_http_response_body(0, size, &body.to_ascii_uppercase());
        Action::Continue
    }

    fn on_log(&mut self) {
        hostcalls::increment_metric(self.requests, 1).unwrap();
        info!(
            "done with {}",
            self.get_http_request_header(":path").unwrap_or_default()
        );
    }
}

fn number(value: Option<Vec<u8>>) -> u64 {
    value
        .and_then(|v| String::from_utf8(v).ok())
        .and_then(|s| s.parse().ok())
        .unwrap_or(0)
}

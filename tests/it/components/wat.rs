//! Components as text: what a hostile toolchain may make, small enough to read.

/// What is particular about a component. The rest is WASI 0.2's handler, with `fields` to make.
pub struct Wat<'a> {
    /// Of its memory.
    pub limits: &'a str,
    /// What stands in its core module beside the handler.
    pub items: &'a str,
    /// What its handler does, with the locals `$i` and `$j`.
    pub handle: &'a str,
    /// What stands in the component after all that.
    pub rest: &'a str,
}

impl Default for Wat<'_> {
    fn default() -> Self {
        Self {
            limits: "1",
            items: "",
            handle: "",
            rest: "",
        }
    }
}

impl Wat<'_> {
    pub fn bytes(&self) -> Vec<u8> {
        let text = self.text();
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn text(&self) -> String {
        let Self {
            limits,
            items,
            handle,
            rest,
        } = self;
        format!(
            r#"(component
  (import "wasi:http/types@0.2.12" (instance $http
    (export "fields" (type $fields (sub resource)))
    (export "incoming-request" (type $request (sub resource)))
    (export "response-outparam" (type $out (sub resource)))
    (type $fault (variant (case "invalid-syntax") (case "forbidden") (case "immutable")))
    (export "header-error" (type $header-error (eq $fault)))
    (export "[constructor]fields" (func (result (own $fields))))
    (export "[method]fields.append" (func
      (param "self" (borrow $fields)) (param "name" string) (param "value" (list u8))
      (result (result (error $header-error)))))))
  (alias export $http "incoming-request" (type $request))
  (alias export $http "response-outparam" (type $out))
  (core module $Memory (memory (export "memory") {limits}))
  (core instance $memory (instantiate $Memory))
  (core func $new (canon lower (func $http "[constructor]fields")))
  (core func $append (canon lower (func $http "[method]fields.append")
    (memory (core memory $memory "memory"))))
  (core module $Main
    (import "host" "memory" (memory 0))
    (import "host" "new" (func $new (result i32)))
    (import "host" "append" (func $append (param i32 i32 i32 i32 i32 i32)))
    {items}
    (func (export "handle") (param $request i32) (param $out i32) (local $i i32) (local $j i32)
      {handle}))
  (core instance $main (instantiate $Main (with "host" (instance
    (export "memory" (memory $memory "memory"))
    (export "new" (func $new))
    (export "append" (func $append))))))
  (func $handle (param "request" (own $request)) (param "response-out" (own $out))
    (canon lift (core func $main "handle")))
  (instance $handler (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.12" (instance $handler))
  {rest}
)"#
        )
    }
}

//! The only file that knows `js/deflate.js`.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/js/deflate.js")]
extern "C" {
    #[wasm_bindgen(js_name = deflate, catch)]
    async fn deflated(plain: &[u8]) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = inflate, catch)]
    async fn inflated(deflated: &[u8], most: usize) -> Result<JsValue, JsValue>;
}

/// The raw deflate stream of a text.
pub(crate) async fn deflate(plain: &[u8]) -> Option<Vec<u8>> {
    deflated(plain).await.ok().map(bytes)
}

/// What a raw deflate stream holds; `None` if it is none. If that is more than `most` bytes, some of it.
pub(crate) async fn inflate(stream: &[u8], most: usize) -> Option<Vec<u8>> {
    inflated(stream, most).await.ok().map(bytes)
}

fn bytes(array: JsValue) -> Vec<u8> {
    array.unchecked_into::<js_sys::Uint8Array>().to_vec()
}

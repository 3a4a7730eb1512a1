//! The only file that knows the names of the JavaScript side of the editor, `js/monaco.js`.

use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

#[wasm_bindgen]
extern "C" {
    /// Loads Monaco and makes an editor with two models. `changed(tab, text)` is called when the visitor types,
    /// `moved(tab, line)` when the caret moves.
    #[wasm_bindgen(js_namespace = ambient, js_name = loadEditor, catch)]
    pub(crate) async fn load_editor(
        host: &HtmlElement,
        manifests: &str,
        requests: &str,
        tab: &str,
        changed: &js_sys::Function,
        moved: &js_sys::Function,
    ) -> Result<JsValue, JsValue>;

    /// The editor.
    #[derive(Clone)]
    pub(crate) type Editor;

    /// Brings a model to the front.
    #[wasm_bindgen(method)]
    pub(crate) fn show(this: &Editor, tab: &str);

    /// Replaces a text, as one step that can be undone.
    #[wasm_bindgen(method, js_name = setText)]
    pub(crate) fn set_text(this: &Editor, tab: &str, text: &str);

    /// Edits a text, by a list of Monaco's edits, as one step that can be undone.
    #[wasm_bindgen(method, js_name = applyEdits)]
    pub(crate) fn apply_edits(this: &Editor, tab: &str, edits: &JsValue);

    /// Replaces the markers of a model, by a list of Monaco's.
    #[wasm_bindgen(method, js_name = setMarkers)]
    pub(crate) fn set_markers(this: &Editor, tab: &str, markers: &JsValue);

    /// Replaces the names that can be completed, by a list of ids as the graph has them.
    #[wasm_bindgen(method, js_name = setNames)]
    pub(crate) fn set_names(this: &Editor, ids: &JsValue);

    /// Selects a range, in sight, and takes the focus.
    #[wasm_bindgen(method)]
    pub(crate) fn reveal(
        this: &Editor,
        tab: &str,
        start_line: u32,
        start_column: u32,
        end_line: u32,
        end_column: u32,
    );

    /// Follows the page's theme.
    #[wasm_bindgen(method, js_name = setTheme)]
    pub(crate) fn set_theme(this: &Editor, theme: &str);
}

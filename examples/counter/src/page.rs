//! The page that a browser gets.

/// HTML of the page: the greeting (any text) and the number of visits.
pub fn render(greeting: &str, visits: u64) -> String {
    let noun = if visits == 1 { "visit" } else { "visits" };
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{visits} {noun}</title>
<style>
  body {{ margin: 0; min-height: 100vh; display: grid; place-content: center; text-align: center;
         font: 1.1rem/1.5 system-ui, sans-serif; background: #f6f7fb; color: #1b1f3b }}
  main {{ padding: 1rem; max-width: 36rem }}
  output {{ display: block; font-size: 8rem; font-weight: 700; line-height: 1.1; color: #654ff0 }}
  code {{ background: #e6e8f5; padding: .1em .35em; border-radius: .25em; white-space: nowrap }}
  @media (prefers-color-scheme: dark) {{ body {{ background: #14162b; color: #e8e9f7 }}
    output {{ color: #a597ff }} code {{ background: #262a4d }} }}
</style>
</head>
<body>
<main>
  <h1>{}</h1>
  <output>{visits}</output>
  <p>{noun}, counted in <code>wasi:keyvalue</code>. Reload, or edit the Link and see another backend's count.</p>
</main>
</body>
</html>
"#,
        escape(greeting)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

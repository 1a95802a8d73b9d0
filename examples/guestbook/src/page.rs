//! The page.

use crate::bindings::wasi::clocks::wall_clock;
use crate::entries::Entry;

const STYLE: &str = "
  :root { color-scheme: light dark; --ink: #1b1f3b; --soft: #6b7191; --paper: #f6f7fb; --card: #fff; --line: #e0e3f2; --accent: #654ff0 }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8e9f7; --soft: #9aa0c4; --paper: #14162b; --card: #1e2140; --line: #343863; --accent: #a597ff } }
  * { box-sizing: border-box }
  body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; background: var(--paper); color: var(--ink) }
  main { max-width: 42rem; margin: 0 auto; padding: 2rem 1rem 4rem }
  h1 { margin: 0; font-size: 2.2rem } header p { margin: .2rem 0 1.5rem; color: var(--soft) }
  form, article { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem; margin-bottom: 1rem }
  form { display: grid; gap: .7rem } label { display: grid; gap: .2rem; font-size: .9rem; color: var(--soft) }
  input, textarea { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: .4rem; padding: .5rem; width: 100% }
  button { font: inherit; font-weight: 600; color: #fff; background: #654ff0; border: 0; border-radius: .4rem; padding: .6rem 1.2rem; justify-self: start; cursor: pointer }
  article p { margin: .4rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere } time { color: var(--soft); font-size: .85rem; margin-left: .5rem }
  article img { display: block; max-width: 100%; max-height: 24rem; border-radius: .5rem; margin-top: .7rem }
  #problem { color: #c62f4b; margin: 0 } #problem:empty { display: none }";

/// Sends the picture first, then the form with its name. Without scripts the form works, without pictures.
const SCRIPT: &str = "
  const form = document.querySelector('form'), problem = document.querySelector('#problem');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    problem.textContent = '';
    const file = form.file.files[0];
    if (file) {
      const stored = await fetch('/pictures', { method: 'POST', body: file, headers: { 'content-type': file.type } });
      const text = (await stored.text()).trim();
      if (!stored.ok) { problem.textContent = text; return }
      form.picture.value = text;
    }
    form.file.disabled = true;
    form.submit();
  });";

/// HTML of the page. All texts may hold anything.
pub fn render(title: &str, visits: u64, entries: &[Entry]) -> String {
    let now = wall_clock::now().seconds;
    let title = escape(title);
    let cards: String = entries.iter().map(|entry| card(entry, now)).collect();
    let visitors = if visits == 1 { "visit" } else { "visits" };
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header><h1>{title}</h1><p><output id="visits">{visits}</output> {visitors}</p></header>
<form method="post" action="/entries">
  <label>Your name <input name="name" required maxlength="80" autocomplete="name"></label>
  <label>Your message <textarea name="message" required maxlength="2000" rows="3"></textarea></label>
  <label>A picture, if you like <input name="file" type="file" accept="image/png,image/jpeg,image/gif,image/webp"></label>
  <input name="picture" type="hidden">
  <p id="problem" role="alert"></p>
  <button>Sign</button>
</form>
<section aria-label="Entries">
{cards}</section>
</main>
<script>{SCRIPT}</script>
</body>
</html>
"#
    )
}

fn card(entry: &Entry, now: u64) -> String {
    let picture = if entry.picture.is_empty() {
        String::new()
    } else {
        format!(
            "<img src=\"/pictures/{}\" alt=\"a picture from {}\">",
            escape(&entry.picture),
            escape(&entry.name)
        )
    };
    format!(
        "<article><strong>{}</strong><time>{}</time><p>{}</p>{picture}</article>\n",
        escape(&entry.name),
        ago(now.saturating_sub(entry.seconds)),
        escape(&entry.message)
    )
}

fn ago(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..=59 => return "just now".into(),
        60..=3599 => (seconds / 60, "minute"),
        3600..=86_399 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

"""The page that a mailbox shows: what every mail of ours stands in, on light and on dark."""

from html import escape

from daemon.domain.wording.text import Language

_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_PAGE = f"margin:0;padding:0;background:#f0f0eb;color:#24302e;font-family:{_FONT};font-size:16px;line-height:1.5"
_SHEET = "max-width:560px;margin:0 auto;padding:24px 16px"
_DARK = """
:root { color-scheme: light dark; supported-color-schemes: light dark }
@media (prefers-color-scheme: dark) {
.page { background: #121817 !important; color: #e9edeb !important }
.soft { color: #a5b1ae !important }
.rule { border-color: #34403e !important }
}
"""


def mail_page(title: str, inner: str, language: Language) -> str:
    """Return a whole page; `inner` is HTML and follows the title."""
    return f"""<!DOCTYPE html>
<html lang="{language.code}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{escape(title)}</title>
<style>{_DARK}</style>
</head>
<body class="page" style="{_PAGE}">
<div style="{_SHEET}">
<h1 style="margin:0 0 12px;font-size:24px;line-height:1.3">{escape(title)}</h1>
{inner}
</div>
</body>
</html>
"""


def paragraphs(body: str) -> str:
    """Return each line of a text as a paragraph."""
    return "\n".join(f'<p style="margin:0 0 10px">{in_html(line)}</p>' for line in body.splitlines())


def in_html(words: str) -> str:
    """Escape, and keep a number and its percent sign on one line."""
    return escape(words).replace(" %", "&nbsp;%")

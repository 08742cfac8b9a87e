"""What the drawings share: one sheet of colours and letters for light and dark, and the parts they are made of.

They stand on ground of their own, for they are seen in a mail on white, in a mail on black, and on the page.
"""

from html import escape

FONT = "'Duurloop Sans', system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
STYLE = f"""
.dl text {{ font-family: {FONT}; font-size: 16px; fill: #24302e }}
.dl .head {{ font-size: 24px; font-weight: 600 }}
.dl .strong {{ font-weight: 600 }}
.dl .soft {{ fill: #5b6865 }}
.dl .small {{ font-size: 14px }}
.dl .mid {{ text-anchor: middle }}
.dl .end {{ text-anchor: end }}
.dl .ground {{ fill: #faf9f5 }}
.dl .grid {{ stroke: #e3e3dc }}
.dl .base {{ stroke: #aeb7b3 }}
.dl .calm {{ fill: #3d9a92 }}
.dl .lively {{ fill: #e2b04a }}
.dl .hard {{ fill: #6b3f7c }}
.dl .open {{ fill: #faf9f5; stroke: #84908c; stroke-width: 1.5 }}
.dl .calm-band {{ fill: #dcedea }}
.dl .lively-band {{ fill: #f7eed9 }}
.dl .hard-band {{ fill: #eee7f0 }}
.dl .line {{ fill: none; stroke: #24524e; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }}
.dl .dot {{ fill: #24524e; stroke: #faf9f5; stroke-width: 2 }}
.dl .halo {{ paint-order: stroke; stroke: #faf9f5; stroke-width: 4; stroke-linejoin: round }}
@media (prefers-color-scheme: dark) {{
.dl text {{ fill: #e9edeb }}
.dl .soft {{ fill: #a5b1ae }}
.dl .ground {{ fill: #1d2423 }}
.dl .grid {{ stroke: #34403e }}
.dl .base {{ stroke: #65726f }}
.dl .calm {{ fill: #4baba2 }}
.dl .hard {{ fill: #8d5fa3 }}
.dl .open {{ fill: #1d2423; stroke: #8d9995 }}
.dl .calm-band {{ fill: #24413d }}
.dl .lively-band {{ fill: #423a26 }}
.dl .hard-band {{ fill: #382c3d }}
.dl .line {{ stroke: #cfe6e2 }}
.dl .dot {{ fill: #cfe6e2; stroke: #1d2423 }}
.dl .halo {{ stroke: #1d2423 }}
}}
"""


def picture(width: int, height: int, *parts: str) -> str:
    """Return the parts as one drawing."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="dl" role="img" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}">{"".join(parts)}</svg>'
    )


def ground(width: int, height: int) -> str:
    """Lay what a drawing stands on."""
    return f'<rect class="ground" width="{width}" height="{height}" rx="14"/>'


def text(x: float, y: float, words: str, classes: str) -> str:
    """Write words, whatever they may hold."""
    return f'<text class="{classes}" x="{at(x)}" y="{at(y)}">{escape(words)}</text>'


def rule(left: float, y: float, right: float, kind: str) -> str:
    """Draw a level line."""
    return f'<line class="{kind}" x1="{at(left)}" y1="{at(y)}" x2="{at(right)}" y2="{at(y)}"/>'


def at(value: float) -> str:
    """Write a coordinate: a tenth of a pixel is enough, and says the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")

#include <fmt/format.h>

#include "candid/eval/document.h"
#include "candid/eval/plot.h"

namespace candid::eval {
namespace {

// Light, dark by the reader's setting, and paper (always light). Hues are apart for colour-blind
// readers too (Okabe and Ito).
constexpr const char* kStyle = R"css(
:root{--paper:#fff;--ink:#1b1f24;--soft:#57606a;--rule:#d0d7de;--panel:#f6f8fa;
--c0:#0067a5;--c1:#d55e00;--c2:#008060;--c3:#b0007c;--c4:#8a6d00;--c5:#555;--heat:#b3261e;--on:#fff}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--soft:#9198a1;--rule:#30363d;
--panel:#161b22;--c0:#58b0f0;--c1:#ff9d57;--c2:#3fcf9f;--c3:#f07fd0;--c4:#e3c34b;--c5:#aaa;
--heat:#ff7b72;--on:#0d1117}}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--rule:#bbb;--panel:#fff;--c0:#0067a5;
--c1:#d55e00;--c2:#008060;--c3:#b0007c;--c4:#8a6d00;--c5:#555;--heat:#b3261e;--on:#fff}
figure,tr,li,h2,h3{break-inside:avoid}h2,h3{break-after:avoid}section:first-of-type{break-before:page}
html,body{font-size:10px!important}main{max-width:none!important;padding:0!important}
table{font-size:7.5px!important}figure{max-width:42rem}}
@page{margin:12mm}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.9rem;line-height:1.2;margin:.2em 0 .6em}h2{font-size:1.4rem;margin:2em 0 .5em;
border-bottom:1px solid var(--rule)}h3{font-size:1.05rem;margin:1.6em 0 .3em}
.headline{font-size:1.15rem;padding:0;list-style:none}
.headline li{margin:.7em 0;padding:.7em 1em;background:var(--panel);border-left:4px solid var(--c0)}
p.note,figcaption{color:var(--soft);font-size:.9rem;margin:.3em 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums;margin:.4em 0}
th,td{text-align:left;padding:.3em .8em .3em 0;border-bottom:1px solid var(--rule);
vertical-align:top}td:first-child{white-space:nowrap}td.n,th.n{text-align:right}
.facts td{overflow-wrap:anywhere}
figure{margin:1em 0}svg{width:100%;height:auto;display:block}
svg text{fill:var(--ink);font-size:12px}svg text.on{fill:var(--on)}
.grid{stroke:var(--rule)}.mark{stroke:var(--c1);stroke-dasharray:4 3}
.line{fill:none;stroke-width:2;stroke:currentColor}.dot{fill:currentColor}
.band{fill:currentColor;fill-opacity:.18}.fill{fill:currentColor;fill-opacity:.35;
stroke:currentColor}
.c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}.c4{color:var(--c4)}
.c5{color:var(--c5)}.heat{fill:var(--heat);stroke:var(--rule)}
)css";

std::string HtmlTable(const Table& table) {
  std::string out = fmt::format("<h3 id=\"{}\">{}</h3>\n", table.id, EscapeHtml(table.title));
  if (!table.note.empty()) {
    out += fmt::format("<p class=\"note\">{}</p>\n", EscapeHtml(table.note));
  }
  const auto number = [&](std::size_t column) {
    return !table.rows.empty() && table.rows.front()[column].kind != CellKind::kText;
  };
  out += "<div class=\"scroll\"><table><thead><tr>";
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    out +=
        fmt::format("<th{}>{}</th>", number(c) ? " class=\"n\"" : "", EscapeHtml(table.columns[c]));
  }
  out += "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) {
      out +=
          fmt::format("<td{}>{}</td>", number(c) ? " class=\"n\"" : "", EscapeHtml(Show(row[c])));
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string HtmlSection(const Section& section) {
  std::string out = fmt::format("<section><h2>{}</h2>\n", EscapeHtml(section.title));
  for (const std::string& paragraph : section.paragraphs) {
    out += fmt::format("<p>{}</p>\n", EscapeHtml(paragraph));
  }
  for (const Figure& figure : section.figures) {
    out += fmt::format("<figure><h3>{}</h3>{}<figcaption>{}</figcaption></figure>\n",
                       EscapeHtml(figure.title), figure.svg, EscapeHtml(figure.note));
  }
  for (const Table& table : section.tables) out += HtmlTable(table);
  return out + "</section>\n";
}

}  // namespace

std::string ToHtml(const Document& document) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<meta name=\"color-scheme\" content=\"light dark\"><title>{0}</title><style>{1}</style>"
      "</head><body><main>\n<h1>{0}</h1>\n<ul class=\"headline\">\n",
      EscapeHtml(document.title), kStyle);
  for (const std::string& sentence : document.headline) {
    out += fmt::format("<li>{}</li>\n", EscapeHtml(sentence));
  }
  out += "</ul>\n<div class=\"scroll\"><table class=\"facts\"><tbody>\n";
  for (const auto& [name, value] : document.facts) {
    out += fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", EscapeHtml(name), EscapeHtml(value));
  }
  out += "</tbody></table></div>\n";
  if (!document.notes.empty()) {
    out += "<h2>What is not here, and why</h2><ul>\n";
    for (const std::string& note : document.notes) {
      out += fmt::format("<li>{}</li>\n", EscapeHtml(note));
    }
    out += "</ul>\n";
  }
  for (const Section& section : document.sections) out += HtmlSection(section);
  return out + "</main></body></html>\n";
}

}  // namespace candid::eval

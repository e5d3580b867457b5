// Document: a report as plain data, from which every form of it is written: text, JSON, CSV, HTML.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "candid/eval/bootstrap.h"

namespace candid::eval {

enum class CellKind {
  kText,
  kCount,
  kRate,   // 0 to 1, shown as percent or in powers of ten
  kScore,  // a cosine
  kRatio,
};

struct Cell {
  CellKind kind = CellKind::kText;
  std::string text;       // kText: it; else shown in place of a figure that is not there
  double value = 0;       // NaN: none
  bool interval = false;  // low and high are there
  double low = 0;
  double high = 0;

  static Cell Text(std::string text);
  static Cell Count(std::uint64_t count);
  static Cell Rate(double rate);
  static Cell Rate(const Estimate& rate);
  // Of errors out of trials: without an error the 95 % upper bound takes the figure's place. Zero
  // is never shown.
  static Cell Rate(const Estimate& rate, std::uint64_t errors, double trials);
  static Cell Score(double score);
  static Cell Score(const Estimate& score);
  static Cell Ratio(double ratio);
  static Cell Ratio(double ratio, const Interval& interval);
};

// As people read it: "0.43 % (0.31 to 0.56)", "none", "2.1e-5".
std::string Show(const Cell& cell);
std::string ShowRate(double rate);
std::string ShowCount(std::uint64_t count);  // "21,362,953"

struct Table {
  std::string id;  // of letters, digits and underscores: a file name and a JSON key
  std::string title;
  std::string note;  // may be empty
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as columns
  bool full_only = false;               // for files; too long for a terminal
};

struct Figure {
  std::string title;
  std::string note;
  std::string svg;  // colours by class, see html.cc
};

struct Section {
  std::string title;
  std::vector<std::string> paragraphs;
  std::vector<Table> tables;
  std::vector<Figure> figures;
};

struct Document {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;  // what, how, when
  std::vector<std::string> headline;                       // the first page, in sentences
  std::vector<Section> sections;
  std::vector<std::string> notes;  // what could not be computed or was left out, and why
};

// One object: facts, headline, notes, and tables by id with their rows as objects; an interval
// gives the members NAME_low and NAME_high. The same document gives the same bytes.
std::string ToJson(const Document& document);

// RFC 4180, UTF-8, a header line; an interval gives two further columns.
std::string ToCsv(const Table& table);

// One file that needs nothing else: no script, no font, no picture from elsewhere.
std::string ToHtml(const Document& document);

}  // namespace candid::eval

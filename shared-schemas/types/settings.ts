/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

/**
 * How many rows were written.
 */
export interface Applied {
  count: number;
}
/**
 * One cell's old and new text; null where there is no such row.
 */
export interface CellChange {
  header: string;
  old: string | null;
  new: string | null;
}
/**
 * A column as a form asks for it. `hint` says how it is written, `refers` whose codes it holds
 *     (the title of a sheet), `names` what may be chosen.
 */
export interface ColumnView {
  header: string;
  required: boolean;
  hint: string;
  note: string;
  example: string;
  editor: "choice" | "choices" | "date" | "number" | "text";
  names: string[];
  refers: string;
}
/**
 * What is wrong, where, and what would be right. Rows count as spreadsheets do.
 */
export interface FindingView {
  file: string;
  sheet: string;
  row: number | null;
  column: string;
  found: string;
  expected: string;
}
/**
 * One change, from the ledger. Without `by` it was made at a server's terminal.
 */
export interface HistoryEntry {
  seq: number;
  at: string;
  by: string | null;
  post: string | null;
  version: number;
  status: string;
  changes: CellChange[];
}
/**
 * Something that can be set. Without columns it is kept as JSON files (flows, forms). `keys`
 *     are the headers by which a row is known; `whole`: what belongs together is sent together, and
 *     `shared` headers are alike in it.
 */
export interface KindView {
  code: string;
  title: string;
  count: number;
  editable: boolean;
  columns: ColumnView[];
  keys: string[];
  whole: boolean;
  shared: string[];
}
/**
 * What would be done. With findings nothing can be; `plan` names exactly this change. Beyond
 *     the first 200 changes only `count` tells. `missing`: rows that the file lacks, which stay.
 */
export interface Preview {
  plan: string;
  count: number;
  changes: RowChange[];
  missing: string[];
  findings: FindingView[];
}
/**
 * What becomes of one row.
 */
export interface RowChange {
  sheet: string;
  name: string;
  status: string;
  cells: CellChange[];
}
/**
 * One page; `total` of all pages.
 */
export interface RowList {
  rows: RowView[];
  total: number;
}
/**
 * A row as it would stand in the sheet. `entity` and `version` are of what it is stored in; a
 *     value that was never set has none. `note` explains it to people.
 */
export interface RowView {
  entity: string | null;
  version: number;
  cells: {
    [k: string]: string;
  };
  note: string;
}

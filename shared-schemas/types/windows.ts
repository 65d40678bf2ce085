/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

/**
 * One line of a list. `photo` is a media id for its thumbnail; a lamp follows from instants.
 */
export interface CaseRow {
  id: string;
  number: string;
  state: string;
  stage: "accepted" | "checked" | "closed" | "dispatched" | "filed" | "handled" | "reported";
  ending: ("archived" | "cancelled" | "closed" | "merged" | "not_filed" | "refused" | "void") | null;
  flow: string;
  category: string;
  description: string;
  address: string;
  grid: string;
  org: string | null;
  source: string;
  urgent: boolean;
  severity: number;
  photo: string | null;
  reported_at: string;
  yellow_at: string | null;
  due_at: string | null;
  ended_at: string | null;
}
/**
 * Something a figure counts, `n` times (minutes, for a duration), with its case.
 */
export interface Counted {
  thing: string;
  at: string;
  n: number;
  case: CaseRow;
}
/**
 * What a figure counts, newest first, a page at a time; `total` is the figure itself.
 */
export interface Drill {
  total: number;
  as_of: string | null;
  items: Counted[];
  next: string | null;
}
/**
 * 综合评价 of one period. `as_of`: the figures know the ledger until then; null before the
 *     first reading. `unreadable`: lines of the ledger that could not be counted.
 */
export interface Evaluation {
  subject: "area" | "org" | "person" | "post";
  period: "day" | "half" | "month" | "quarter" | "week" | "year";
  start: string;
  end: string;
  as_of: string | null;
  unreadable: number;
  place: Place;
  above: Place[];
  ranked_by: string;
  scorecard: string;
  grades: Grade[];
  indicators: IndicatorView[];
  total: Figures;
  rows: Figures[];
}
/**
 * An area on the way down to the one shown.
 */
export interface Place {
  code: string;
  name: string;
}
/**
 * What a score from `at_least` on (0 to 100) is called, and how it is coloured.
 */
export interface Grade {
  code: string;
  name: string;
  at_least: number;
  colour: "blue" | "green" | "orange" | "red" | "yellow";
}
/**
 * A column. `confirmed`: false is to be marked on screen (口径待确认).
 */
export interface IndicatorView {
  code: string;
  name: string;
  kind: "count" | "duration" | "ratio";
  numerator: string;
  denominator: string;
  period_rule: string;
  source: string;
  confirmed: boolean;
  weight: number | null;
}
/**
 * One subject's figures; lists are in the order of the columns. Shares are 0 to 1, durations
 *     working minutes; null where there is nothing to share by. `trend` is of the indicator or score
 *     that ranks, the asked period last.
 */
export interface Figures {
  key: string;
  name: string;
  has_parts: boolean;
  score: number | null;
  grade: Grade | null;
  rank: number | null;
  rank_before: number | null;
  values: (number | null)[];
  before: (number | null)[];
  year_before: (number | null)[];
  trend: (number | null)[];
}

/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

/**
 * A permitted move. `task` means: answers an open task of that kind, by its holder.
 */
export interface Action {
  code: string;
  name: string;
  states: string[];
  to: string | null;
  to_by_verdict: {
    [k: string]: string;
  };
  permission: string | null;
  assignee: boolean;
  task: ("check" | "recollect" | "verify") | null;
  inputs: Input[];
  effects: (
    | "amend_report"
    | "answer_assignment"
    | "assign"
    | "choose_standard"
    | "open_check_task"
    | "open_recollect_task"
    | "open_verify_task"
    | "return_assignment"
    | "void_tasks"
  )[];
  effects_by_verdict: {
    [k: string]: (
      | "amend_report"
      | "answer_assignment"
      | "assign"
      | "choose_standard"
      | "open_check_task"
      | "open_recollect_task"
      | "open_verify_task"
      | "return_assignment"
      | "void_tasks"
    )[];
  };
  tone: "danger" | "default" | "primary";
}
/**
 * Something an action asks for. `kind` says which editor and which check.
 */
export interface Input {
  name: "amendment" | "limit" | "media" | "opinion" | "org" | "reason" | "standard" | "verdict" | "worker";
  label: string;
  required: boolean;
  choices: Choice[];
  media_role: ("after" | "before" | "evidence" | "far" | "near" | "reference") | null;
  minimum: number;
}
/**
 * One allowed value.
 */
export interface Choice {
  code: string;
  name: string;
}
/**
 * A list with a live count, shown to posts with `permission`.
 */
export interface Box {
  code: string;
  name: string;
  states: string[];
  permission: string;
}
/**
 * Working hours: ISO weekday '1'..'7' -> [["08:00","12:00"], …], in `zone`.
 */
export interface Calendar {
  id: string;
  version: number;
  county: string;
  code: string;
  name: string;
  zone: string;
  week: {
    [k: string]: [string, string][];
  };
  days: SpecialDay[];
}
/**
 * A day that departs from the calendar's week, in the calendar's zone.
 */
export interface SpecialDay {
  day: string;
  working: boolean;
  name: string;
}
/**
 * A class or subclass with its standards and what a phone must ask for.
 */
export interface Category {
  id: string;
  version: number;
  county: string;
  code: string;
  name: string;
  kind: string;
  parent: string | null;
  synonyms: string[];
  flow: string;
  photo_roles: string[];
  album_allowed: boolean;
  self_handling: boolean;
  similar_metres: number;
  similar_days: number;
  collection_note: string;
  active: boolean;
  standards: Standard[];
}
/**
 * 立案条件, 结案标准 and 时限 of a subclass.
 */
export interface Standard {
  number: number;
  filing_condition: string;
  closing_standard: string;
  limit: Limit;
}
/**
 * A span of working or natural time.
 */
export interface Limit {
  value: number;
  unit: "urgent_day" | "urgent_hour" | "work_day" | "work_hour" | "work_minute";
}
/**
 * The whole of it. `initial` and `initial_self_handled` are where a new report stands.
 */
export interface Flow {
  code: string;
  name: string;
  version: number;
  initial: string;
  initial_self_handled: string;
  states: State[];
  actions: Action[];
  boxes: Box[];
  yellow_ratio: number;
}
/**
 * Where a case stands. `entry` runs by itself when the state is entered and one worker fits.
 */
export interface State {
  code: string;
  name: string;
  stage: "accepted" | "checked" | "closed" | "dispatched" | "filed" | "handled" | "reported";
  ending: ("archived" | "cancelled" | "closed" | "not_filed" | "refused" | "void") | null;
  limit: Limit | null;
  assignment_clock: boolean;
  entry: "open_check_task" | null;
  entry_to: string | null;
}
/**
 * A flow's definition with its identity.
 */
export interface FlowDocument {
  id: string;
  version: number;
  county: string;
  flow: Flow;
}

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
  branches: Branch[];
  permission: string | null;
  party: (
    | "answerer"
    | "asker"
    | "assignee"
    | "assigner"
    | "closer"
    | "copied"
    | "directed"
    | "involved"
    | "main"
    | "owner"
    | "raiser"
  )[];
  task: ("check" | "recollect" | "verify") | null;
  when: string;
  inputs: Input[];
  items: (Field | Group | Repeat)[];
  effects: (
    | "amend_report"
    | "answer_assignment"
    | "answer_directive"
    | "answer_request"
    | "ask"
    | "assign"
    | "call_back"
    | "choose_standard"
    | "circulate"
    | "correct"
    | "direct"
    | "hand_down"
    | "open_check_task"
    | "open_recollect_task"
    | "open_verify_task"
    | "release"
    | "reopen_assignments"
    | "report_up"
    | "resume"
    | "return_assignment"
    | "set_labels"
    | "set_owners"
    | "set_severity"
    | "set_urgent"
    | "settle_assignments"
    | "sign_assignment"
    | "void_tasks"
    | "withdraw_assignment"
    | "withdraw_request"
  )[];
  effects_by_verdict: {
    [k: string]: (
      | "amend_report"
      | "answer_assignment"
      | "answer_directive"
      | "answer_request"
      | "ask"
      | "assign"
      | "call_back"
      | "choose_standard"
      | "circulate"
      | "correct"
      | "direct"
      | "hand_down"
      | "open_check_task"
      | "open_recollect_task"
      | "open_verify_task"
      | "release"
      | "reopen_assignments"
      | "report_up"
      | "resume"
      | "return_assignment"
      | "set_labels"
      | "set_owners"
      | "set_severity"
      | "set_urgent"
      | "settle_assignments"
      | "sign_assignment"
      | "void_tasks"
      | "withdraw_assignment"
      | "withdraw_request"
    )[];
  };
  request: ("extension" | "help" | "return" | "suspension" | "void") | null;
  directive: ("instruct" | "supervise" | "urge") | null;
  after_end: boolean;
  tone: "danger" | "default" | "primary";
}
/**
 * Where an action leads when `when` holds after its effects; the first that fits. `to` null:
 *     the state stays.
 */
export interface Branch {
  when: string;
  to: string | null;
  effects: (
    | "amend_report"
    | "answer_assignment"
    | "answer_directive"
    | "answer_request"
    | "ask"
    | "assign"
    | "call_back"
    | "choose_standard"
    | "circulate"
    | "correct"
    | "direct"
    | "hand_down"
    | "open_check_task"
    | "open_recollect_task"
    | "open_verify_task"
    | "release"
    | "reopen_assignments"
    | "report_up"
    | "resume"
    | "return_assignment"
    | "set_labels"
    | "set_owners"
    | "set_severity"
    | "set_urgent"
    | "settle_assignments"
    | "sign_assignment"
    | "void_tasks"
    | "withdraw_assignment"
    | "withdraw_request"
  )[];
}
/**
 * Something an action asks for. `name` says which editor and which check.
 */
export interface Input {
  name:
    | "amendment"
    | "assignment"
    | "closing_org"
    | "directive"
    | "labels"
    | "limit"
    | "media"
    | "opinion"
    | "org"
    | "people"
    | "reason"
    | "request"
    | "signature"
    | "standard"
    | "targets"
    | "until"
    | "verdict"
    | "worker";
  label: string;
  required: boolean;
  choices: Choice[];
  media_role: ("after" | "before" | "evidence" | "far" | "near" | "reference") | null;
  minimum: number;
  within: ("children" | "descendants" | "parent" | "siblings")[];
}
/**
 * One allowed value. `reasons` are what may be chosen as its reason; empty: none is asked.
 */
export interface Choice {
  code: string;
  name: string;
  reasons: string[];
}
/**
 * One question. An expression left empty does not apply; `.` in `constraint` is the answer.
 */
export interface Field {
  type: "field";
  name: string;
  label: string;
  kind:
    | "audio"
    | "calculated"
    | "cascade"
    | "choice"
    | "choices"
    | "datetime"
    | "file"
    | "note"
    | "number"
    | "org"
    | "person"
    | "photo"
    | "position"
    | "text";
  hint: string;
  required: string;
  visible: string;
  constraint: string;
  constraint_message: string;
  default: string;
  calculation: string;
  choices: Option[];
  minimum: number | null;
  maximum: number | null;
  multiline: boolean;
  personal: boolean;
}
/**
 * One allowed value. `parent` places it under another in a cascade.
 */
export interface Option {
  code: string;
  name: string;
  parent: string | null;
}
/**
 * Fields under one heading.
 */
export interface Group {
  type: "group";
  name: string;
  label: string;
  items: (Field | Group | Repeat)[];
  visible: string;
}
/**
 * The same fields several times: one for each vehicle, each witness.
 */
export interface Repeat {
  type: "repeat";
  name: string;
  label: string;
  items: (Field | Group | Repeat)[];
  visible: string;
  minimum: number;
  maximum: number;
}
/**
 * A list with a live count, shown to posts with `permission`. All given conditions hold; no
 *     states means any.
 */
export interface Box {
  code: string;
  name: string;
  states: string[];
  permission: string;
  party:
    | (
        | "answerer"
        | "asker"
        | "assignee"
        | "assigner"
        | "closer"
        | "copied"
        | "directed"
        | "involved"
        | "main"
        | "owner"
        | "raiser"
      )
    | null;
  supervision: ("circulated" | "near" | "overdue" | "supervised") | null;
  call_back: ("done" | "unwanted" | "wanted") | null;
  suspended: boolean | null;
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
  form: string;
  check: "photo" | "same_period" | "task";
  auto_dispatch: boolean;
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
  requests: RequestRule[];
  closer: "centre" | "raiser";
  yellow_ratio: number;
}
/**
 * Where a case stands. `entry` runs by itself when the state is entered and one answer fits.
 *
 *     timing: `standard` starts the state's own clock; `paused` also pauses the whole clock while the
 *     state lasts; `bundled` shares one clock among the states of one `bundle`: its limit is that of
 *     the first entered, and it runs on where it stood.
 */
export interface State {
  code: string;
  name: string;
  stage: "accepted" | "checked" | "closed" | "dispatched" | "filed" | "handled" | "reported";
  ending: ("archived" | "cancelled" | "closed" | "merged" | "not_filed" | "refused" | "void") | null;
  limit: Limit | null;
  assignment_clock: boolean;
  timing: "bundled" | "paused" | "standard";
  bundle: string | null;
  entry: ("dispatch" | "open_check_task") | null;
  entry_when: string;
  entry_to: string | null;
  timers: Timer[];
}
/**
 * What a state does by itself after a while. `at`: when the case's lamp turns yellow or red, or
 *     a limit after entering. Once for each stay in the state.
 */
export interface Timer {
  code: string;
  name: string;
  at: ("due" | "yellow") | Limit;
  effect: "escalate" | "open_check_task" | "watch";
  to: string | null;
  when: string;
}
/**
 * How a request is answered. Without levels it takes effect at once.
 */
export interface RequestRule {
  kind: "extension" | "help" | "return" | "suspension" | "void";
  name: string;
  levels: Level[];
  to: string | null;
}
/**
 * Who answers a request: those with `permission` in the org that `of` names.
 */
export interface Level {
  name: string;
  permission: string;
  of: "assigner" | "closer" | "county" | "superior";
  up_to: Limit | null;
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
/**
 * A form with its version; a filled form names the version it was filled with.
 */
export interface Form {
  code: string;
  name: string;
  version: number;
  items: (Field | Group | Repeat)[];
}
/**
 * A form's definition with its identity. Filled forms keep the version they were filled by.
 */
export interface FormDocument {
  id: string;
  version: number;
  county: string;
  form: Form;
}
/**
 * One org of a target group and its part.
 */
export interface GroupTarget {
  org: string;
  kind: "assist" | "copy" | "help" | "main";
  requirement: string;
}
/**
 * Orgs that an org often gives cases to together: chosen by one tap.
 */
export interface TargetGroup {
  id: string;
  version: number;
  county: string;
  org: string;
  code: string;
  name: string;
  targets: GroupTarget[];
  active: boolean;
}

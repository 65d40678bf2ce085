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
 * When the case does something by itself next: a timer of its state, a directive's answer, the
 *     end of a suspension.
 */
export interface Alarm {
  at: string;
  code: string;
  subject: string | null;
}
/**
 * An org's part in a case. `by_*` is who gave it; `holder` has signed for it (签收).
 */
export interface Assignment {
  id: string;
  org: string;
  post: string | null;
  kind: "assist" | "copy" | "help" | "main";
  state: "answered" | "open" | "returned" | "withdrawn";
  requirement: string;
  limit: Limit | null;
  assigned_at: string;
  answered_at: string | null;
  by_org: string | null;
  by_user: string | null;
  by_post: string | null;
  holder: string | null;
  media: MediaRef[];
  failed_checks: number;
}
/**
 * A span of working or natural time.
 */
export interface Limit {
  value: number;
  unit: "urgent_day" | "urgent_hour" | "work_day" | "work_hour" | "work_minute";
}
/**
 * A photo or recording by its client-made id; the bytes may come later.
 *
 *     What the app saw at the shutter is part of the signed command: time, place, camera or album.
 */
export interface MediaRef {
  id: string;
  role: "after" | "audio" | "before" | "evidence" | "far" | "form" | "near" | "reference";
  sha256: string;
  size: number;
  taken_at: string | null;
  position: Position | null;
  origin: "album" | "camera";
}
/**
 * WGS-84 degrees. `accuracy_m` is the radius of the 68 % circle, null when set by hand.
 *
 *     `datum` is what the source gave before conversion at the edge.
 */
export interface Position {
  longitude: number;
  latitude: number;
  accuracy_m: number | null;
  source: "exif" | "gps" | "manual" | "network";
  datum: "BD-09" | "GCJ-02" | "WGS-84";
}
/**
 * A box of the flow with how many cases stand in it.
 */
export interface BoxCount {
  code: string;
  name: string;
  count: number;
}
/**
 * 回访 of the reporters, and what they said.
 */
export interface CallBack {
  state: "done" | "unwanted" | "wanted";
  satisfied: boolean | null;
  reason: string | null;
  at: string | null;
  user: string | null;
}
/**
 * One problem from its first report to its end. This is also the device's document.
 */
export interface Case {
  id: string;
  version: number;
  number: string;
  county: string;
  flow: string;
  flow_version: number;
  state: string;
  stage: "accepted" | "checked" | "closed" | "dispatched" | "filed" | "handled" | "reported";
  ending: ("archived" | "cancelled" | "closed" | "merged" | "not_filed" | "refused" | "void") | null;
  category: string;
  standard: number | null;
  description: string;
  address: string;
  position: Position;
  grid: string;
  area_path: string;
  urgent: boolean;
  suspended: boolean;
  supervised: boolean;
  severity: number;
  reported_at: string;
  ended_at: string | null;
  retired_at: string | null;
  changed_at: string;
  reports: Report[];
  assignments: Assignment[];
  clocks: Clock[];
  steps: Step[];
  tasks: OpenTask[];
  title: string;
  closing_org: string | null;
  former_closers: string[];
  owners: string[];
  labels: string[];
  sensitive: boolean;
  suspended_until: string | null;
  supervision: ("circulated" | "near" | "overdue" | "supervised") | null;
  requests: Request[];
  directives: Directive[];
  call_back: CallBack | null;
  failed_checks: number;
  merged_into: string | null;
  merged_state: string | null;
  entered_at: string | null;
  fired: string[];
  alarm: Alarm | null;
}
/**
 * What one reporter said. `user` is who typed it; `reporter` names the sealed value that holds
 *     an outside reporter's name and phone, which are never in the document.
 */
export interface Report {
  id: string;
  source: "hotline" | "leader" | "media" | "peer" | "public" | "supervisor" | "worker";
  user: string;
  post: string;
  occurred_at: string;
  received_at: string;
  description: string;
  self_handled: boolean;
  private: boolean;
  call_back: boolean;
  outside_number: string | null;
  reporter: string | null;
  media: MediaRef[];
  form: FormRef | null;
  answers: {};
  joined_from: string | null;
}
/**
 * Which form was filled.
 */
export interface FormRef {
  code: string;
  version: number;
}
/**
 * Limit, spans and instants of the case (owner null) or of an assignment, in working time.
 *     While it is paused its last span has an end, and `yellow_at` and `due_at` are as if it ran again
 *     now; `paused` says so. A stopped clock never runs again.
 */
export interface Clock {
  id: string;
  owner: string | null;
  name: string;
  limit: Limit;
  calendar: string;
  spans: Span[];
  started_at: string;
  yellow_at: string;
  due_at: string;
  stopped_at: string | null;
  paused: boolean;
  bundle: string | null;
  extra: Limit[];
}
/**
 * A stretch during which a clock ran; `until` is null while it runs.
 */
export interface Span {
  since: string;
  until: string | null;
}
/**
 * One line of the timeline. `late` marks evidence of an act that the case had outrun.
 */
export interface Step {
  id: string;
  action: string;
  from_state: string | null;
  to_state: string;
  user: string | null;
  post: string | null;
  org: string | null;
  occurred_at: string;
  received_at: string;
  opinion: string;
  verdict: string | null;
  media: MediaRef[];
  late: boolean;
  assignment: string | null;
  request: string | null;
  directive: string | null;
  orgs: string[];
  answers: {};
}
/**
 * A task on this case that somebody must still answer.
 */
export interface OpenTask {
  id: string;
  kind: string;
  user: string | null;
  org: string | null;
  due_at: string | null;
  not_before: string | null;
}
/**
 * 申请: what a party asks of those above. It stands at `level` of the flow's rule until
 *     somebody there grants, refuses or passes it up; `words` is the whole chain.
 */
export interface Request {
  id: string;
  kind: "extension" | "help" | "return" | "suspension" | "void";
  state: "granted" | "open" | "refused" | "withdrawn";
  level: number;
  answerer_org: string | null;
  user: string;
  post: string;
  org: string;
  keeper: string;
  asked_at: string;
  reason: string;
  media: MediaRef[];
  assignment: string | null;
  limit: Limit | null;
  old_due_at: string | null;
  new_due_at: string | null;
  until: string | null;
  targets: Target[];
  words: Word[];
  ended_at: string | null;
}
/**
 * One of several orgs a case is given to, each with its own words, limit and attachments.
 */
export interface Target {
  org: string;
  kind: "assist" | "copy" | "help" | "main";
  requirement: string;
  limit: Limit | null;
  media: MediaRef[];
}
/**
 * One level's word on a request.
 */
export interface Word {
  level: number;
  verdict: "granted" | "passed_up" | "refused";
  user: string;
  post: string;
  org: string;
  at: string;
  opinion: string;
}
/**
 * 督办, 批示, 催办: words from above that stay on the case, with when an answer is due.
 */
export interface Directive {
  id: string;
  kind: "instruct" | "supervise" | "urge";
  user: string;
  post: string;
  org: string;
  signature: Signature | null;
  at: string;
  content: string;
  media: MediaRef[];
  due_at: string | null;
  answered_at: string | null;
  answered_by: string | null;
  answer: string;
}
/**
 * Whose word a directive is, when somebody writes it for them: 批示人, 部门, 职务, 时间.
 */
export interface Signature {
  name: string;
  org: string;
  title: string;
  at: string;
}
/**
 * A case with what this post may do with it. `awaited` are media whose bytes have not come.
 *
 *     orgs: codes of those in each relation to the actor's. levels: the names of a request's levels,
 *     by kind. forms: definitions that the reports' answers need, where they are not the newest.
 */
export interface CaseDetail {
  case: Case;
  actions: Action[];
  recommended: Recommendation[];
  workers: WorkerChoice[];
  awaited: string[];
  reporter: Outside | null;
  target_groups: TargetGroup[];
  orgs: {
    [k: string]: string[];
  };
  levels: {
    [k: string]: string[];
  };
  forms: Form[];
}
/**
 * An org to give a case to, and why.
 */
export interface Recommendation {
  org: string;
  name: string;
  reasons: string[];
}
/**
 * Someone who may verify or check in the case's grid.
 */
export interface WorkerChoice {
  id: string;
  name: string;
}
/**
 * Someone who reported by phone, letter or press. Sealed on arrival.
 */
export interface Outside {
  name: string | null;
  phone: string | null;
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
/**
 * One org of a target group and its part.
 */
export interface GroupTarget {
  org: string;
  kind: "assist" | "copy" | "help" | "main";
  requirement: string;
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
 * A page, newest first. `next` goes into `after` for the next one; null at the end.
 */
export interface CaseList {
  items: CaseRow[];
  next: string | null;
}
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
 * The boxes of this post, in the flow's order, and all cases that the filters give.
 */
export interface Counts {
  boxes: BoxCount[];
  total: number;
}
/**
 * A file that is being made, ready, or could not be made (`error` says why, in Chinese).
 *
 *     about: the filters in words; name: of the file, once ready; size: bytes; total: cases, once
 *     counted; expires_at: when the file is deleted; fetched: whether its owner has had it.
 */
export interface Export {
  id: string;
  kind: "pdf" | "pdf_process" | "xlsx" | "xlsx_pictures";
  about: string;
  state: "failed" | "making" | "ready" | "waiting";
  done: number;
  total: number | null;
  error: string;
  name: string;
  size: number | null;
  asked_at: string;
  ready_at: string | null;
  expires_at: string | null;
  fetched: boolean;
}
/**
 * What a list, counter, map or export shows; all given conditions hold at once, and of several
 *     values of one any. Also what a saved search keeps.
 */
export interface Filters {
  box: string | null;
  q: string | null;
  number: string | null;
  category: string | null;
  source: string[];
  flow: string | null;
  state: string[];
  stage: ("accepted" | "checked" | "closed" | "dispatched" | "filed" | "handled" | "reported") | null;
  ended: boolean | null;
  lamp: ("green" | "red" | "yellow") | null;
  area: string | null;
  grid: string | null;
  org: string | null;
  main_org: string | null;
  scope: ("below" | "own" | "own_and_below") | null;
  mine: ("owned" | "reported") | null;
  reported_within: ("month" | "today" | "week") | null;
  reported_since: string | null;
  reported_until: string | null;
  ended_since: string | null;
  ended_until: string | null;
  reporter: string | null;
  phone: string | null;
  label: string | null;
  urgent: boolean | null;
  severity: ("extreme" | "general" | "major" | "serious") | null;
  suspended: boolean | null;
  sensitive: boolean | null;
  supervision: ("circulated" | "near" | "overdue" | "supervised") | null;
  call_back: ("done" | "unwanted" | "wanted") | null;
  shape: string | null;
}
/**
 * Cases on the map, newest first; `more` says that there are older ones.
 */
export interface MapPoints {
  points: [string, number, number, number | null, number | null][];
  more: boolean;
}
/**
 * A page, newest first; `open` is how many wait for this post in all.
 */
export interface RequestList {
  items: RequestRow[];
  next: string | null;
  open: number;
}
/**
 * One line of the list of requests. `level_name` is where it stands or ended; `due_at` the
 *     deadline that an extension asks to move, `new_due_at` the one asked for or granted.
 */
export interface RequestRow {
  id: string;
  case: string;
  number: string;
  category: string;
  address: string;
  kind: "extension" | "help" | "return" | "suspension" | "void";
  state: "granted" | "open" | "refused" | "withdrawn";
  level_name: string;
  reason: string;
  org: string;
  user: string;
  user_name: string;
  asked_at: string;
  old_due_at: string | null;
  new_due_at: string | null;
  ended_at: string | null;
}
/**
 * A search that its user keeps under a name.
 */
export interface SavedSearch {
  id: string;
  name: string;
  filters: Filters;
  saved_at: string;
}
/**
 * A case of the same subclass close by and not long ago.
 */
export interface SimilarCase {
  id: string;
  number: string;
  distance_m: number;
  reported_at: string;
  state: string;
  description: string;
  photo: string | null;
}
/**
 * A subclass that a description may be about.
 */
export interface Suggestion {
  code: string;
  name: string;
}

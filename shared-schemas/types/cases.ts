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
 * An org's part in a case.
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
}
/**
 * A span of working or natural time.
 */
export interface Limit {
  value: number;
  unit: "urgent_day" | "urgent_hour" | "work_day" | "work_hour" | "work_minute";
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
  ending: ("archived" | "cancelled" | "closed" | "not_filed" | "refused" | "void") | null;
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
}
/**
 * A photo or recording by its client-made id; the bytes may come later.
 *
 *     What the app saw at the shutter is part of the signed command: time, place, camera or album.
 */
export interface MediaRef {
  id: string;
  role: "after" | "audio" | "before" | "evidence" | "far" | "near" | "reference";
  sha256: string;
  size: number;
  taken_at: string | null;
  position: Position | null;
  origin: "album" | "camera";
}
/**
 * Limit, spans and instants of the case (owner null) or of an assignment, in working time.
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
}
/**
 * A case with what this post may do with it. `awaited` are media whose bytes have not come.
 */
export interface CaseDetail {
  case: Case;
  actions: Action[];
  recommended: Recommendation | null;
  workers: WorkerChoice[];
  awaited: string[];
  reporter: Outside | null;
}
/**
 * The org that the dispatch matrix names, and the rule that says so.
 */
export interface Recommendation {
  org: string;
  name: string;
  category: string;
  area: string;
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
  ending: ("archived" | "cancelled" | "closed" | "not_filed" | "refused" | "void") | null;
  flow: string;
  category: string;
  description: string;
  address: string;
  grid: string;
  org: string | null;
  source: string;
  urgent: boolean;
  photo: string | null;
  reported_at: string;
  yellow_at: string | null;
  due_at: string | null;
  ended_at: string | null;
}
/**
 * The boxes of this post, in the flow's order.
 */
export interface Counts {
  boxes: BoxCount[];
}
/**
 * A case on the map, WGS-84.
 */
export interface MapPoint {
  id: string;
  longitude: number;
  latitude: number;
  state: string;
  category: string;
  yellow_at: string | null;
  due_at: string | null;
}
/**
 * Cases on the map; `more` says that only the newest ones are given.
 */
export interface MapPoints {
  points: MapPoint[];
  more: boolean;
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

/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

/**
 * Payload of `case.act` (type_version 1): one action of the flow, with what it asks for.
 *
 *     `task` is named when the action answers a task; `worker`, `org`, `standard` and `limit` are
 *     only read by actions whose inputs name them.
 */
export interface ActOnCase {
  case: string;
  action: string;
  task?: string | null;
  opinion?: string;
  media?: MediaRef[];
  org?: string | null;
  worker?: string | null;
  standard?: number | null;
  limit?: Limit | null;
  verdict?: string | null;
  reason?: string | null;
  amendment?: Amendment | null;
  targets?: Target[] | null;
  closing_org?: string | null;
  assignment?: string | null;
  request?: string | null;
  directive?: string | null;
  until?: string | null;
  signature?: Signature | null;
  people?: string[] | null;
  labels?: string[] | null;
  answers?: {};
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
  taken_at?: string | null;
  position?: Position | null;
  origin?: "album" | "camera";
}
/**
 * WGS-84 degrees. `accuracy_m` is the radius of the 68 % circle, null when set by hand.
 *
 *     `datum` is what the source gave before conversion at the edge.
 */
export interface Position {
  longitude: number;
  latitude: number;
  accuracy_m?: number | null;
  source?: "exif" | "gps" | "manual" | "network";
  datum?: "BD-09" | "GCJ-02" | "WGS-84";
}
/**
 * A span of working or natural time.
 */
export interface Limit {
  value: number;
  unit: "urgent_day" | "urgent_hour" | "work_day" | "work_hour" | "work_minute";
}
/**
 * What a recollection may correct of the report.
 */
export interface Amendment {
  description?: string | null;
  category?: string | null;
  address?: string | null;
  position?: Position | null;
}
/**
 * One of several orgs a case is given to, each with its own words, limit and attachments.
 */
export interface Target {
  org: string;
  kind?: "assist" | "copy" | "help" | "main";
  requirement?: string;
  limit?: Limit | null;
  media?: MediaRef[];
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
 * Of the kept command `command` with the body of SHA-256 `digest` (hex). go_on: apply it now,
 *     whatever it waits for, or although its id has been used. refuse: reject it for `reason`, which
 *     its author reads.
 */
export interface DecideCommand {
  command: string;
  digest: string;
  decision: "go_on" | "refuse";
  reason: string;
}
/**
 * `person.edit`: only the fields that change. The envelope's `bases` has the version its author
 *     saw, and `after` their own commands on this person that it stands on.
 */
export interface EditPerson {
  person: string;
  fields: PersonFields;
}
/**
 * What may be said of a person; what is left out stays as it is, null empties it.
 */
export interface PersonFields {
  name?: string;
  id_type?: string | null;
  number?: string | null;
  sex?: string | null;
  birth?: string | null;
  ethnicity?: string | null;
  phone?: string | null;
  kind?: string | null;
  domicile?: string | null;
  room?: string;
}
/**
 * `room.edit`: only the fields that change; see EditPerson.
 */
export interface EditRoom {
  room: string;
  fields: RoomFields;
}
/**
 * What may be said of a room; what is left out stays as it is, null empties it.
 */
export interface RoomFields {
  address?: string;
  building?: string | null;
  unit?: string | null;
  floor?: number | null;
  number?: string | null;
  grid?: string;
  use?: string | null;
  occupancy?: string | null;
}
/**
 * Which form was filled.
 */
export interface FormRef {
  code: string;
  version: number;
}
/**
 * Payload of `case.hand_over` (type_version 1): at a shift's end, what the author holds on
 *     these cases (tasks, signed assignments, requests followed) goes to a colleague.
 */
export interface HandOver {
  to: string;
  /**
   * @minItems 1
   * @maxItems 200
   */
  cases: [string, ...string[]];
  note?: string;
}
/**
 * Payload of `case.merge` (type_version 1): `merged` is joined into `case`, both open.
 */
export interface MergeCases {
  case: string;
  merged: string;
  reason?: string;
}
/**
 * Someone who reported by phone, letter or press. Sealed on arrival.
 */
export interface Outside {
  name?: string | null;
  phone?: string | null;
}
/**
 * `person.record`: somebody new. `fields` has at least a name and a room.
 */
export interface RecordPerson {
  person: string;
  fields: PersonFields;
}
/**
 * `room.record`: a new room. `fields` has at least an address and a grid.
 */
export interface RecordRoom {
  room: string;
  fields: RoomFields;
}
/**
 * Payload of `case.report` (type_version 1): a worker's or a clerk's report makes a case.
 */
export interface ReportCase {
  case: string;
  report: string;
  category: string;
  description: string;
  address?: string;
  position: Position;
  media?: MediaRef[];
  source?: "hotline" | "leader" | "media" | "peer" | "public" | "supervisor" | "worker";
  self_handled?: boolean;
  reporter?: Outside | null;
  private?: boolean;
  call_back?: boolean;
  outside_number?: string | null;
  urgent?: boolean;
  title?: string;
  form?: FormRef | null;
  answers?: {};
}
/**
 * `dispute.settle`: what a disputed field of a record is: one of the values, or another.
 */
export interface SettleDispute {
  kind: "person" | "room";
  entity: string;
  field: string;
  value: string | number | null;
}
/**
 * Payload of `case.split` (type_version 1): `merged` leaves the case it was joined into and
 *     goes on where it stood.
 */
export interface SplitCase {
  case: string;
  merged: string;
  reason: string;
}

/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

/**
 * A file of exactly the cases that a list with these filters shows.
 */
export interface AskExport {
  kind: "pdf" | "pdf_process" | "xlsx" | "xlsx_pictures";
  filters: Filters;
}
/**
 * What a list, counter, map or export shows; all given conditions hold at once, and of several
 *     values of one any. Also what a saved search keeps.
 */
export interface Filters {
  box?: string | null;
  q?: string | null;
  number?: string | null;
  category?: string | null;
  source?: string[];
  flow?: string | null;
  state?: string[];
  stage?: ("accepted" | "checked" | "closed" | "dispatched" | "filed" | "handled" | "reported") | null;
  ended?: boolean | null;
  lamp?: ("green" | "red" | "yellow") | null;
  area?: string | null;
  grid?: string | null;
  org?: string | null;
  main_org?: string | null;
  scope?: ("below" | "own" | "own_and_below") | null;
  mine?: ("owned" | "reported") | null;
  reported_within?: ("month" | "today" | "week") | null;
  reported_since?: string | null;
  reported_until?: string | null;
  ended_since?: string | null;
  ended_until?: string | null;
  reporter?: string | null;
  phone?: string | null;
  label?: string | null;
  urgent?: boolean | null;
  severity?: ("extreme" | "general" | "major" | "serious") | null;
  suspended?: boolean | null;
  sensitive?: boolean | null;
  supervision?: ("circulated" | "near" | "overdue" | "supervised") | null;
  call_back?: ("done" | "unwanted" | "wanted") | null;
  shape?: string | null;
}
/**
 * POST /session/password.
 */
export interface ChangePassword {
  old: string;
  new: string;
}
/**
 * What to look for. `text` is part of a name or, with the right, a whole number or phone; of a
 *     room, part of its address. Posted, since it must not stand in an address.
 */
export interface FindRecords {
  text?: string;
  grid?: string | null;
  room?: string | null;
  disputed?: boolean;
  after?: string | null;
}
/**
 * A device as it registers itself. `public_key` is SubjectPublicKeyInfo (P-256), base64 DER.
 *
 *     `data_key` (32 bytes, base64) is sent by a device that made itself a new one: the service keeps
 *     a copy for this user on this device, for whoever forgot the PIN.
 */
export interface NewDevice {
  id: string;
  name: string;
  public_key?: string | null;
  data_key?: string | null;
}
/**
 * PATCH /devices/….
 */
export interface RenameDevice {
  name: string;
}
/**
 * Why an outside reporter's name and phone must be seen; kept in the ledger.
 */
export interface Reveal {
  reason: string;
}
/**
 * A search to keep.
 */
export interface SaveSearch {
  name: string;
  filters: Filters;
}
/**
 * POST /session.
 */
export interface SignIn {
  name: string;
  password: string;
  device: NewDevice;
}
/**
 * POST /session/post.
 */
export interface SwitchPost {
  post: string;
}
/**
 * POST /registry/people/{id}/reveal: why somebody must see the whole.
 */
export interface Unmask {
  reason: string;
}

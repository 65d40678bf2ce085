/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

/**
 * One of the values of a disputed field: who said it, when, and by which command.
 */
export interface Candidate {
  command: string;
  at: string;
  user: string | null;
  value: string | number | null;
}
/**
 * A field that several people changed to different values without knowing of each other; the
 *     last of `candidates` is shown meanwhile.
 */
export interface Dispute {
  field: string;
  candidates: Candidate[];
}
/**
 * One line of a field's history: what was shown before, and what was said. `disputed` tells
 *     whether it left the field disputed.
 */
export interface FieldChange {
  command: string;
  version: number;
  at: string;
  received_at: string;
  user: string | null;
  source: "edit" | "record" | "settle";
  field: string;
  old: string | number | null;
  new: string | number | null;
  disputed: boolean;
}
/**
 * GET /registry/people/{id}. `full` comes to posts that may hold it; `home` is the room's
 *     address, for devices that do not hold it.
 */
export interface PersonDetail {
  person: PersonDocument;
  full: PersonFull | null;
  home: string | null;
}
/**
 * A person as most devices hold them, kind `person`: personal values masked.
 */
export interface PersonDocument {
  id: string;
  version: number;
  county: string;
  grid: string;
  area_path: string;
  name: string | null;
  id_type: string | null;
  number: string | null;
  sex: string | null;
  birth: string | null;
  ethnicity: string | null;
  phone: string | null;
  kind: string | null;
  domicile: string | null;
  room: string | null;
  disputes: Dispute[];
}
/**
 * The unmasked values of a person, kind `person.full`: for devices that may hold them, and for
 *     who has asked with a reason. `disputes` are those over these fields.
 */
export interface PersonFull {
  id: string;
  version: number;
  name: string | null;
  number: string | null;
  birth: string | null;
  phone: string | null;
  domicile: string | null;
  disputes: Dispute[];
}
/**
 * Some people, the newest first; `next` asks for those after them.
 */
export interface PersonPage {
  items: PersonDocument[];
  next: string | null;
}
/**
 * A room as devices hold it.
 */
export interface RoomDocument {
  id: string;
  version: number;
  county: string;
  grid: string;
  area_path: string;
  address: string | null;
  building: string | null;
  unit: string | null;
  floor: number | null;
  number: string | null;
  use: string | null;
  occupancy: string | null;
  disputes: Dispute[];
}
/**
 * Some rooms, the newest first; `next` asks for those after them.
 */
export interface RoomPage {
  items: RoomDocument[];
  next: string | null;
}

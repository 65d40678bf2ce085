/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

/**
 * A place. Only grids carry their polygon to devices; larger areas are unions of theirs.
 */
export interface Area {
  id: string;
  version: number;
  code: string;
  name: string;
  kind: string;
  level: number;
  parent: string | null;
  path: string;
  valid_from: string;
  valid_to: string | null;
  polygon: (Polygon | MultiPolygon) | null;
  longitude: number | null;
  latitude: number | null;
}
/**
 * GeoJSON, [longitude, latitude] in WGS-84 degrees.
 */
export interface Polygon {
  type: "Polygon";
  coordinates: [number, number][][];
}
/**
 * GeoJSON, [longitude, latitude] in WGS-84 degrees.
 */
export interface MultiPolygon {
  type: "MultiPolygon";
  coordinates: [number, number][][][];
}
/**
 * GET /admin/devices: one of the county's, with who signed in on it last.
 */
export interface CountyDevice {
  id: string;
  name: string;
  platform: string;
  registered_at: string;
  seen_at: string | null;
  this: boolean;
  revoked: boolean;
  wipe_at: string | null;
  wiped_at: string | null;
  user: string;
  user_name: string;
}
/**
 * A page of the county's devices, the last seen first, and how many there are in all.
 */
export interface DeviceList {
  devices: CountyDevice[];
  total: number;
}
/**
 * GET /devices: one of my devices. `platform` is what it calls itself. With `wipe_at` and no
 *     `wiped_at` it was ordered to wipe itself and has not said yet that it did.
 */
export interface DeviceView {
  id: string;
  name: string;
  platform: string;
  registered_at: string;
  seen_at: string | null;
  this: boolean;
  revoked: boolean;
  wipe_at: string | null;
  wiped_at: string | null;
}
/**
 * What the city lets a device hold of others' data (settings of the county).
 *
 *     people: nothing, masked or full. days: after so many without the service the device wipes its
 *     replica. limit: documents a replica may have at most. pin: whether the replica must be locked.
 */
export interface Holding {
  people: "full" | "masked" | "nothing";
  days: number;
  limit: number;
  pin: boolean;
}
/**
 * An organisation.
 */
export interface Org {
  id: string;
  version: number;
  code: string;
  name: string;
  kind: string;
  parent: string | null;
  area: string;
}
/**
 * GET /people/…: somebody in office today, as one picks them from a list.
 */
export interface PersonView {
  id: string;
  name: string;
  org: string;
  org_name: string;
  post_name: string;
  grids: string[];
}
/**
 * A post's name and place, for showing who acted.
 */
export interface Post {
  id: string;
  version: number;
  code: string;
  name: string;
  org: string;
  role: string;
  areas: string[];
}
/**
 * One of the user's posts today.
 */
export interface PostChoice {
  id: string;
  name: string;
  org: string;
  org_name: string;
  role: string;
  role_name: string;
}
/**
 * GET /session, and the answer to signing in or switching post.
 */
export interface SessionView {
  user: string;
  name: string;
  post: string;
  posts: PostChoice[];
  org: string;
  role: string;
  county: string;
  areas: string[];
  categories: string[];
  permissions: string[];
  buckets: string[];
  device: string;
  must_change_password: boolean;
  token: string | null;
  data_key: string | null;
  seal_key: string;
  holding: Holding;
}
/**
 * A colleague's name, for showing who acted.
 */
export interface User {
  id: string;
  version: number;
  code: string;
  name: string;
}

/* Made by scripts/typegen.py from the Python structs; change those, then `make types`. */

/**
 * POST /session/password.
 */
export interface ChangePassword {
  old: string;
  new: string;
}
/**
 * A device as it registers itself. `public_key` is SubjectPublicKeyInfo (P-256), base64 DER.
 */
export interface NewDevice {
  id: string;
  name: string;
  public_key?: string | null;
}
/**
 * Why an outside reporter's name and phone must be seen; kept in the ledger.
 */
export interface Reveal {
  reason: string;
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

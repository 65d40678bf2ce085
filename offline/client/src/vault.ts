/** The key that the replica is encrypted under, and the PIN before it. */

import { bound } from './block'
import { DeviceError } from './errors'
import { base64, fromBase64 } from './keys'
import { type Observable, Source } from './observable'
import { type Crypt, type Keys, metaRecord, readMeta, type Storage } from './ports'
import type { StoredLock } from './records'
import { wipe, WIPED } from './wipe'

/** About half a second on a cheap phone. */
const ROUNDS = 310_000
const TRIES = 10
const KEY_BYTES = 32
const WRAPPED = 'xunge data key 1'

/** `none`: there is no key, and nothing under it. */
export interface VaultState {
  key: 'none' | 'locked' | 'open'
  pin: boolean
}

export class Vault {
  private readonly source = new Source<VaultState>({ key: 'none', pin: false })
  private lock: StoredLock | null = null
  private data: unknown = null
  private reference: unknown = null

  /** `spent` is called after the last wrong PIN, when the replica is gone. */
  constructor(
    private readonly storage: Storage,
    private readonly keys: Keys,
    private readonly crypt: Crypt,
    private readonly spent: () => Promise<void>,
  ) {}

  get state(): Observable<VaultState> {
    return this.source
  }

  /** The keys of `blocks` and `reference`; null while locked. */
  get keysOfStores(): { blocks: unknown; reference: unknown } {
    return { blocks: this.data, reference: this.reference }
  }

  /** Reads what is kept, and opens it where there is no PIN. */
  async load(): Promise<void> {
    const kept = await this.storage.run('read', ['meta'], (t) => readMeta(t, 'lock'))
    const same = kept !== undefined && kept.id === this.lock?.id
    if (kept === undefined) this.reference = null
    else if (!same)
      this.reference = await this.crypt.aesKey(await this.crypt.mix(kept.device, text('reference')))
    if (!same || kept.wrapped === null) this.data = null
    if (kept?.salt === null) this.data ??= await this.dataKey(kept)
    this.lock = kept ?? null
    this.tell()
  }

  /** What sign-in tells the service (base64), or null when it has it or the PIN is in the way. */
  async toShare(): Promise<string | null> {
    const { lock } = this
    if (!lock?.wrapped) return base64(this.keys.random(KEY_BYTES))
    if (lock.shared || lock.salt !== null) return null
    const raw = await this.unwrap(lock, '')
    return raw && base64(raw)
  }

  /** A lock without a PIN around a data key: `copy` (base64), else a new one. */
  async make(copy: string | null, shared: boolean): Promise<StoredLock> {
    // The reference hangs on the device's key, and stays readable when only the data key is new.
    const device = this.lock?.device ?? (await this.crypt.deviceKey())
    const raw = copy === null ? new Uint8Array(this.keys.random(KEY_BYTES)) : fromBase64(copy)
    const lock = { device, salt: null, rounds: ROUNDS, failures: 0, shared }
    const id = base64(this.keys.random(12))
    return { ...lock, id, wrapped: await this.wrap(lock, '', raw) }
  }

  /** Makes a data key where there is none. */
  async ensure(): Promise<void> {
    if (this.source.value.key !== 'none') return
    const made = await this.make(null, false)
    await this.storage.run('write', ['meta'], async (t) => {
      const now = await readMeta(t, 'lock')
      if (now === undefined || now.wrapped === null) await t.put('meta', [metaRecord('lock', made)])
    })
    await this.load()
  }

  /** Whether `copy` (base64) opens what is here. */
  async fits(copy: string): Promise<boolean> {
    const key = await this.crypt.aesKey(fromBase64(copy))
    const [first] = await this.storage.run('read', ['blocks'], (t) => t.after('blocks', ''))
    if (first === undefined) return true
    return (await this.crypt.decrypt(key, first.bytes, bound('blocks', first.key))) !== null
  }

  /** Throws DeviceError `wrong_pin`, and `pin_spent` when the replica was deleted for it. */
  async unlock(pin: string): Promise<void> {
    const { lock, raw } = await this.prove(pin)
    this.data = await this.crypt.aesKey(raw)
    this.lock = lock
    this.tell()
  }

  /** Forgets the key in this tab. */
  relock(): void {
    if (this.lock?.salt == null) return
    this.data = null
    this.tell()
  }

  /** Sets, changes or (null) removes the PIN. `old` is null where there is none. Throws as `unlock`. */
  async setPin(old: string | null, pin: string | null): Promise<void> {
    await this.ensure()
    const { lock, raw } = await this.prove(old ?? '')
    const salt = pin === null ? null : new Uint8Array(this.keys.random(16))
    const fresh = { ...lock, salt, rounds: ROUNDS, failures: 0 }
    const wrapped = await this.wrap(fresh, pin ?? '', raw)
    await this.storage.run('write', ['meta'], async (t) => {
      const now = await readMeta(t, 'lock')
      if (now?.id === lock.id) await t.put('meta', [metaRecord('lock', { ...fresh, wrapped })])
    })
    this.data = await this.crypt.aesKey(raw)
    this.lock = { ...fresh, wrapped }
    this.tell()
  }

  /** Each try is counted before it is made, so that none is free. */
  private async prove(pin: string): Promise<{ lock: StoredLock; raw: Uint8Array<ArrayBuffer> }> {
    const lock = await this.storage.run('write', ['meta'], async (t) => {
      const kept = await readMeta(t, 'lock')
      if (kept === undefined || kept.salt === null) return kept
      const tried = { ...kept, failures: kept.failures + 1 }
      await t.put('meta', [metaRecord('lock', tried)])
      return tried
    })
    if (!lock?.wrapped) throw new DeviceError('locked', '本机还没有可以上锁的资料')
    const raw = lock.failures > TRIES ? null : await this.unwrap(lock, pin)
    if (raw === null) {
      const left = TRIES - lock.failures
      if (left > 0) throw new DeviceError('wrong_pin', `口令不对，还可以试 ${left} 次`)
      await this.storage.run('write', WIPED, async (t) => wipe(t))
      await this.load()
      await this.spent()
      throw new DeviceError('pin_spent', '口令连错 10 次，本机资料已清除，请重新登录取回')
    }
    const right = { ...lock, failures: 0 }
    if (lock.failures > 0)
      await this.storage.run('write', ['meta'], async (t) => {
        const now = await readMeta(t, 'lock')
        if (now?.id === lock.id) await t.put('meta', [metaRecord('lock', { ...now, failures: 0 })])
      })
    return { lock: right, raw }
  }

  private async dataKey(lock: StoredLock): Promise<unknown> {
    const raw = await this.unwrap(lock, '')
    return raw && this.crypt.aesKey(raw)
  }

  private async unwrap(lock: StoredLock, pin: string): Promise<Uint8Array<ArrayBuffer> | null> {
    if (lock.wrapped === null) return null
    return this.crypt.decrypt(await this.wrapping(lock, pin), lock.wrapped, WRAPPED)
  }

  private async wrap(
    lock: Omit<StoredLock, 'id' | 'wrapped'>,
    pin: string,
    raw: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.crypt.encrypt(await this.wrapping(lock, pin), raw, WRAPPED)
  }

  /** What the PIN alone gives could be tried out elsewhere: the device's own key is mixed in. */
  private async wrapping(
    { device, salt, rounds }: Omit<StoredLock, 'id' | 'wrapped'>,
    pin: string,
  ): Promise<unknown> {
    const secret = salt === null ? text('no pin') : await this.crypt.stretch(pin, salt, rounds)
    return this.crypt.aesKey(await this.crypt.mix(device, secret))
  }

  private tell(): void {
    const { lock, data } = this
    const key = !lock?.wrapped ? 'none' : data === null ? 'locked' : 'open'
    this.source.set({ key, pin: lock !== null && lock.salt !== null })
  }
}

function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value)
}

/** Who is signed in on this device, as far as the device knows. Works from what it kept. */

import type { directory, requests } from '@xunge/types'
import { ApiError, DeviceError, Unavailable } from './errors'
import type { Http } from './http'
import { uuid7 } from './ids'
import { type Observable, Source } from './observable'
import { type Clock, type Keys, type Storage, metaRecord, readMeta } from './ports'
import type { DeviceIdentity, StoredLock, StoredSession } from './records'
import type { Vault } from './vault'
import { dropBlocks, wipe, WIPED } from './wipe'

/** Refusals of the device itself, not of the person. */
const SPENT = ['device_revoked', 'device_taken']

const DAY_MS = 24 * 60 * 60 * 1000

const NOBODY: StoredSession = { view: null, expired: false, leaving: false }

export class Session {
  private readonly source = new Source<StoredSession>(NOBODY)

  /** `changed` is called after each change of this tab, and sees to showing it. */
  constructor(
    private readonly storage: Storage,
    private readonly http: Http,
    private readonly keys: Keys,
    private readonly clock: Clock,
    private readonly vault: Vault,
    private readonly changed: () => Promise<void>,
  ) {}

  /** `view` stays when the session has expired, so that recording goes on. */
  get state(): Observable<StoredSession> {
    return this.source
  }

  /** The signed-in user's view. Throws DeviceError `signed_out`. */
  require(): directory.SessionView {
    if (this.source.value.view === null) throw new DeviceError('signed_out', '请先登录')
    return this.source.value.view
  }

  /** Reads what was kept. */
  async load(): Promise<void> {
    const kept = await this.storage.run('read', ['meta'], (t) => readMeta(t, 'session'))
    this.source.set(kept ?? NOBODY)
  }

  /** Asks the server whether the kept session still stands; without an answer it is taken to. */
  async restore(): Promise<void> {
    if (this.source.value.leaving) await this.leave()
    const { view } = this.source.value
    if (view === null) return
    try {
      const now = await this.http.request<directory.SessionView>('GET', '/session')
      await this.take(now, { only: view.user })
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) await this.refused(error)
      else if (!(error instanceof ApiError || error instanceof Unavailable)) throw error
    }
  }

  /**
   * A device that was stopped, or whose id another key holds, signs in as a new one. With `forgot`
   * the PIN goes, and the service's copy of the data key opens what is here.
   */
  async signIn(
    name: string,
    password: string,
    deviceName: string,
    { forgot = false } = {},
  ): Promise<void> {
    let data_key: string | null = null
    const attempt = async (): Promise<directory.SessionView> => {
      const { id, public_key } = await this.device()
      data_key = await this.vault.toShare()
      const device = { id, name: deviceName, public_key, data_key }
      const body: requests.SignIn = { name, password, device }
      return this.http.request<directory.SessionView>('POST', '/session', body)
    }
    const view = await attempt().catch(async (error: unknown) => {
      if (!(error instanceof ApiError) || !SPENT.includes(error.code)) throw error
      await this.storage.run('write', WIPED, async (t) => {
        await wipe(t)
        await t.remove('meta', ['device'])
      })
      await this.vault.load()
      return attempt()
    })
    const last = this.source.value.view
    const other = last !== null && last.user !== view.user
    const copy = view.data_key ?? data_key
    const unfit = forgot && (copy === null || !(await this.vault.fits(copy)))
    const renew = other || forgot || this.vault.state.value.key === 'none'
    await this.take(view, {
      wipe: other,
      drop: unfit,
      lock: renew ? await this.vault.make(copy, view.data_key !== null) : undefined,
    })
  }

  async switchPost(post: string): Promise<void> {
    const body: requests.SwitchPost = { post }
    await this.take(await this.http.request<directory.SessionView>('POST', '/session/post', body))
  }

  async changePassword(old: string, fresh: string): Promise<void> {
    const body: requests.ChangePassword = { old, new: fresh }
    await this.http.request('POST', '/session/password', body)
    await this.restore()
  }

  /** Ends the session here at once; the server hears of it as soon as it can. Unsent items stay. */
  async signOut(): Promise<void> {
    await this.wiped()
  }

  /** Others' data go, and the service is told as soon as it can be. */
  async wiped(): Promise<void> {
    await this.keep({ view: null, expired: false, leaving: true }, { wipe: true })
    await this.leave()
  }

  /** The server refused the session (401), maybe with the order to wipe this device. */
  async refused({ code }: ApiError): Promise<void> {
    if (code === 'wipe') await this.wiped()
    else if (!this.source.value.expired)
      await this.keep(
        { ...this.source.value, expired: true },
        { only: this.source.value.view?.user ?? null },
      )
  }

  /**
   * Deletes others' data once the service has not answered for the days a city allows. Time is the
   * latest this device has seen, so that setting the clock back gains nothing.
   */
  async age(): Promise<void> {
    const { view } = this.source.value
    const now = this.clock.now()
    const gone = await this.storage.run('write', WIPED, async (t) => {
      const heard = (await readMeta(t, 'heard')) ?? { answered: now, seen: now }
      const seen = Math.max(heard.seen, now)
      await t.put('meta', [metaRecord('heard', { ...heard, seen })])
      if (view === null || seen - heard.answered <= view.holding.days * DAY_MS) return false
      if ((await readMeta(t, 'lock'))?.wrapped == null) return false
      await wipe(t, { reference: true })
      return true
    })
    if (!gone) return
    await this.vault.load()
    await this.changed()
  }

  /** The device's lasting id and signing key, made the first time. */
  async device(): Promise<DeviceIdentity> {
    const kept = await this.storage.run('read', ['meta'], (t) => readMeta(t, 'device'))
    if (kept !== undefined) return kept
    const pair = await this.keys.generate()
    const made = { id: uuid7(this.clock.now(), this.keys.random(10)), ...pair }
    return this.storage.run('write', ['meta'], async (t) => {
      const other = await readMeta(t, 'device')
      if (other === undefined) await t.put('meta', [metaRecord('device', made)])
      return other ?? made
    })
  }

  private async leave(): Promise<void> {
    try {
      await this.http.request('DELETE', '/session')
    } catch (error) {
      if (error instanceof Unavailable) return
      if (!(error instanceof ApiError)) throw error
    }
    if (this.source.value.leaving) await this.keep({ ...this.source.value, leaving: false })
  }

  private async take(view: directory.SessionView, also: Also = {}): Promise<void> {
    const kept = { ...view, token: null, data_key: null }
    await this.keep({ view: kept, expired: false, leaving: false }, also)
  }

  /** What `also` asks happens in the same moment: a pull that is under way sees both. */
  private async keep(session: StoredSession, also: Also = {}): Promise<void> {
    const now = this.clock.now()
    const kept = await this.storage.run('write', WIPED, async (t) => {
      const before = (await readMeta(t, 'session')) ?? NOBODY
      const theirs = before.leaving || (before.view?.user ?? null) !== also.only
      if (also.only !== undefined && theirs) return before
      if (also.wipe) await wipe(t)
      if (also.drop) await dropBlocks(t)
      if (also.lock) await t.put('meta', [metaRecord('lock', also.lock)])
      await t.put('meta', [metaRecord('session', session)])
      if (session.view !== null && !session.expired)
        await t.put('meta', [metaRecord('heard', { answered: now, seen: now })])
      return session
    })
    await this.vault.load()
    this.source.set(kept)
    await this.changed()
  }
}

interface Also {
  /** Only while this user's session is still here: an answer may come after they have left. */
  only?: string | null
  wipe?: boolean
  /** What was pulled is of no use any more. */
  drop?: boolean
  lock?: StoredLock | undefined
}

/** Who is signed in on this device, as far as the device knows. Works from what it kept. */

import type { directory, requests } from '@xunge/types'
import { ApiError, DeviceError, Unavailable } from './errors'
import type { Http } from './http'
import { uuid7 } from './ids'
import { type Observable, Source } from './observable'
import { type Clock, type Keys, type Storage, metaRecord, readMeta } from './ports'
import type { DeviceIdentity, StoredSession } from './records'

/** Refusals of the device itself, not of the person. */
const SPENT = ['device_revoked', 'device_taken']

const NOBODY: StoredSession = { view: null, expired: false, leaving: false }

export class Session {
  private readonly source = new Source<StoredSession>(NOBODY)

  /** `changed` is called after each change of this tab, and sees to showing it. */
  constructor(
    private readonly storage: Storage,
    private readonly http: Http,
    private readonly keys: Keys,
    private readonly clock: Clock,
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
    if (this.source.value.view === null) return
    try {
      await this.take(await this.http.request<directory.SessionView>('GET', '/session'))
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) await this.expire()
      else if (!(error instanceof ApiError || error instanceof Unavailable)) throw error
    }
  }

  /** A device that was stopped, or whose id another key holds, signs in as a new one. */
  async signIn(name: string, password: string, deviceName: string): Promise<void> {
    const attempt = async (): Promise<directory.SessionView> => {
      const { id, public_key } = await this.device()
      const body: requests.SignIn = { name, password, device: { id, name: deviceName, public_key } }
      return this.http.request<directory.SessionView>('POST', '/session', body)
    }
    const view = await attempt().catch(async (error: unknown) => {
      if (!(error instanceof ApiError) || !SPENT.includes(error.code)) throw error
      await this.storage.run('write', ['meta'], (t) => t.remove('meta', ['device']))
      return attempt()
    })
    const last = this.source.value.view
    await this.take(view, { wipe: last !== null && last.user !== view.user })
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
    await this.keep({ view: null, expired: false, leaving: true }, { wipe: true })
    await this.leave()
  }

  /** The server refused the session. */
  async expire(): Promise<void> {
    if (!this.source.value.expired) await this.keep({ ...this.source.value, expired: true })
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

  private async take(view: directory.SessionView, { wipe = false } = {}): Promise<void> {
    await this.keep({ view: { ...view, token: null }, expired: false, leaving: false }, { wipe })
  }

  /** With `wipe`, what others wrote goes in the same moment: a pull that is under way sees both. */
  private async keep(session: StoredSession, { wipe = false } = {}): Promise<void> {
    await this.storage.run('write', ['documents', 'members', 'meta'], async (t) => {
      await t.put('meta', [metaRecord('session', session)])
      if (!wipe) return
      await t.clear('documents')
      await t.clear('members')
      await t.remove('meta', ['sync', 'touched'])
    })
    this.source.set(session)
    await this.changed()
  }
}

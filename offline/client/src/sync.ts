/** When things are sent and fetched: after each record, each signal, each minute, each return. */

import { backoff } from './backoff'
import type { Courier } from './courier'
import { type Observable, Source } from './observable'
import { ApiError, Unavailable } from './errors'
import type { directory } from '@xunge/types'
import type { Clock, Host, Locks } from './ports'
import type { Pusher } from './pusher'
import type { Replica } from './replica'
import { isFull } from './room'
import type { Session } from './session'
import { single } from './single'

const EVERY_MS = 60_000
/** Said for a case that this device need not hold. */
const ANY_CASE = 'cases'
const LIVE_AGAIN_MS = 5_000
const SOONEST_MS = 1_000

export interface Sync {
  /** Sends what is due, and with `force` what waits for its next try; resolves after the attempt. */
  flush(force?: boolean): Promise<void>
  pull(): Promise<void>
  /** How many live signals have come: it changes when something elsewhere has. */
  readonly signals: Observable<number>
  stop(): void
}

interface Parts {
  api: string
  session: Session
  pusher: Pusher
  courier: Courier
  replica: Replica
  clock: Clock
  locks: Locks
  host: Host
  random: () => number
  /** When the next waiting item is due, or null. */
  nextTry: () => number | null
  /** Seals what could not be when it was recorded, now that somebody is signed in. */
  catchUp: () => Promise<void>
  /** Puts back what an earlier life of the service accepted; resolves to how many items. */
  recheck: (epoch: string) => Promise<number>
  refresh: () => Promise<void>
}

/** Starts at once if someone is signed in, and whenever someone is. */
export function startSync(parts: Parts): Sync {
  const { session, pusher, courier, replica, clock, locks, random } = parts
  let stopped = false
  let failures = 0

  /** Resolves to whether the server answered. */
  async function asUser(
    lock: string,
    work: (view: directory.SessionView) => Promise<void>,
  ): Promise<boolean> {
    const { view, expired } = session.state.value
    if (view === null || expired || stopped) return false
    try {
      await locks.exclusive(lock, () => work(view))
      failures = 0
      return true
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) await session.refused(error)
      else if (error instanceof Unavailable) failures++
      // What could not be noted on a full disk is done again once there is room.
      else if (!(error instanceof ApiError || isFull(error))) throw error
      return false
    } finally {
      await parts.refresh()
    }
  }

  let cancelRetry = (): void => undefined
  function planRetry(): void {
    cancelRetry()
    const due = parts.nextTry()
    if (due === null || stopped || session.state.value.expired) return
    const wait = failures > 0 ? backoff(failures, random) : due - clock.now()
    cancelRetry = clock.after(Math.max(SOONEST_MS, wait), () => void flush())
  }

  // Photos have their own lane, so that a long upload never keeps a record waiting.
  const force = { commands: false, media: false }
  const sendCommands = single(async () => {
    const forced = force.commands
    force.commands = false
    await asUser('commands', async () => {
      await pusher.push(forced)
      if (pusher.epoch !== null && (await parts.recheck(pusher.epoch)) > 0) await pusher.push(false)
    })
    planRetry()
  })
  const sendMedia = single(async () => {
    const forced = force.media
    force.media = false
    await asUser('media', ({ user }) => courier.deliver(user, forced))
    planRetry()
  })
  async function flush(forced = false): Promise<void> {
    force.commands ||= forced
    await sendCommands()
    force.media ||= forced
    await sendMedia()
  }
  const pull = single(async () => {
    await asUser('replica', async (view) => {
      const before = await replica.syncPoint()
      await replica.pull(view)
      const point = await replica.syncPoint()
      // Only what was just heard counts: a device that cannot pull may remember an earlier life.
      if (point === null || (point.epoch === before?.epoch && point.at === before.at)) return
      if ((await parts.recheck(point.epoch)) > 0) void flush()
    })
  })

  let cancelTick = (): void => undefined
  function tick(): void {
    cancelTick = clock.after(EVERY_MS * (0.75 + random() / 2), () => {
      void session.age()
      void flush()
      void pull()
      tick()
    })
  }

  const signals = new Source(0)
  const ear = openEar(parts, (buckets) => {
    signals.set(signals.value + 1)
    if (buckets === null || buckets.some((bucket) => bucket !== ANY_CASE)) void pull()
  })
  let acting = ''
  const stopWatching = session.state.subscribe(({ view, expired }) => {
    const now = view === null || expired ? '' : `${view.user} ${view.post}`
    if (now === acting) return
    acting = now
    if (now === '') ear.close()
    else {
      ear.open()
      void parts.catchUp().then(() => flush(true))
      void pull()
    }
  })
  const stopWaking = parts.host.onWake(() => {
    ear.open()
    void session.restore().then(() => Promise.all([flush(true), pull()]))
  })
  tick()

  return {
    flush,
    pull,
    signals,
    stop() {
      stopped = true
      stopWatching()
      stopWaking()
      cancelTick()
      cancelRetry()
      ear.close()
    },
  }
}

/** The live signal, opened again when it has ended and someone is signed in. */
function openEar(
  { api, session, host, clock, random }: Parts,
  hear: (buckets: string[] | null) => void,
) {
  let close: (() => void) | null = null
  let cancel = (): void => undefined
  const ear = {
    open(): void {
      cancel()
      const { view, expired } = session.state.value
      if (close !== null || view === null || expired) return
      close = host.live(`${api}/sync/live`, hear, () => {
        close = null
        cancel = clock.after(LIVE_AGAIN_MS * (0.5 + random()), () => ear.open())
      })
    },
    close(): void {
      cancel()
      close?.()
      close = null
    },
  }
  return ear
}

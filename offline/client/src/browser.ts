/** The ports on a browser. */

import { type Client, openClient } from './client'
import { webCrypt } from './crypt'
import { openDexie } from './dexie'
import { webKeys } from './keys'
import type { Clock, Disk, Host, Locks, Marker, TabMessage, Tabs } from './ports'
import type { Searched } from './search'
import { tusUploader } from './tus'

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, wake) {
    const timer = setTimeout(wake, milliseconds)
    return () => clearTimeout(timer)
  },
}

/** Web Locks; where a browser has none, its tabs are kept apart by the server's receipts alone. */
function webLocks(scope: string): Locks {
  return {
    exclusive: async (name, work) =>
      'locks' in navigator ? navigator.locks.request(`${scope} ${name}`, work) : work(),
  }
}

function webTabs(scope: string): Tabs {
  const channel = new BroadcastChannel(scope)
  return {
    tell: (message) => channel.postMessage(message),
    listen(hear) {
      const listener = (event: MessageEvent<TabMessage>): void => hear(event.data)
      channel.addEventListener('message', listener)
      return () => channel.removeEventListener('message', listener)
    },
  }
}

/** What browsers that know say of the network; others are taken not to cost. */
interface Connection extends EventTarget {
  readonly type?: string
  readonly saveData?: boolean
}

function connection(): Connection | undefined {
  return (navigator as Navigator & { connection?: Connection }).connection
}

/** Old phones have no storage manager: nothing is known then, and nothing promised. */
const webDisk: Disk = {
  async estimate() {
    if (!('storage' in navigator)) return null
    const { usage, quota } = await navigator.storage.estimate()
    return usage === undefined || quota === undefined ? null : { usage, quota }
  },
  persist: async () => 'storage' in navigator && navigator.storage.persist(),
}

/** The store of one key; where a browser has none, what it cleared goes unnoticed. */
function webMarker(key: string): Marker {
  return {
    read: () => localStorage.getItem(key),
    write: (text) => localStorage.setItem(key, text),
  }
}

const webHost: Host = {
  online: () => navigator.onLine,
  metered: () => connection()?.type === 'cellular' || connection()?.saveData === true,
  onLost(lose) {
    addEventListener('offline', lose)
    return () => removeEventListener('offline', lose)
  },
  onWake(wake) {
    const visible = (): void => {
      if (document.visibilityState === 'visible') wake()
    }
    addEventListener('online', wake)
    addEventListener('pageshow', wake)
    document.addEventListener('visibilitychange', visible)
    connection()?.addEventListener('change', wake)
    return () => {
      connection()?.removeEventListener('change', wake)
      removeEventListener('online', wake)
      removeEventListener('pageshow', wake)
      document.removeEventListener('visibilitychange', visible)
    }
  },
  onHide(hide) {
    const hidden = (): void => {
      if (document.visibilityState === 'hidden') hide()
    }
    addEventListener('pagehide', hide)
    document.addEventListener('visibilitychange', hidden)
    return () => {
      removeEventListener('pagehide', hide)
      document.removeEventListener('visibilitychange', hidden)
    }
  },
  live(url, change, lost) {
    const source = new EventSource(url)
    source.addEventListener('change', ({ data }: MessageEvent<string>) => {
      change((JSON.parse(data) as { buckets: string[] }).buckets)
    })
    source.addEventListener('open', () => change(null))
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) lost()
    })
    return () => source.close()
  },
}

/** The client of this origin. `name` is the store's; `api` has no slash at the end. */
export async function openBrowserClient(
  searched: Searched = {},
  api = '/api',
  name = 'xunge',
): Promise<Client> {
  return openClient({
    api,
    fetch: globalThis.fetch.bind(globalThis),
    storage: openDexie(name),
    keys: webKeys(globalThis.crypto),
    crypt: webCrypt(globalThis.crypto),
    clock: systemClock,
    locks: webLocks(name),
    tabs: webTabs(name),
    host: webHost,
    disk: webDisk,
    marker: webMarker(`${name} marker`),
    uploader: tusUploader(`${api}/uploads`),
    random: () => Math.random(),
    searched,
  })
}

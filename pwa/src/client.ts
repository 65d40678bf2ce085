import type { Client } from '@xunge/client'
import { openBrowserClient } from '@xunge/client/browser'
import { searched } from './lib/searched'

let opened: Client | null = null

/** Opens this device's store and starts sync. Once, before the first screen. */
export async function startClient(): Promise<Client> {
  opened = await openBrowserClient(searched)
  return opened
}

/** The device's sync client; there from before the first screen on. */
export function useClient(): Client {
  if (!opened) throw new Error('the client is opened before the first screen')
  return opened
}

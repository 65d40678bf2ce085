/**
 * The browser woke us because the network is back. An open page holds the keys and the outbox,
 * so it does the sending; with no page open the next start sends.
 */
export function flushInBackground(worker: ServiceWorkerGlobalScope): void {
  worker.addEventListener('sync', (event) => {
    const sync = event as Event & { tag: string; waitUntil(work: Promise<unknown>): void }
    if (sync.tag === 'outbox') sync.waitUntil(tellPages(worker))
  })
}

async function tellPages(worker: ServiceWorkerGlobalScope): Promise<void> {
  const pages = await worker.clients.matchAll({ type: 'window' })
  for (const page of pages) page.postMessage('flush-outbox')
}

import { onScopeDispose, ref, watchEffect } from 'vue'
import { useClient } from '@/client'
import { localMedia } from '@/lib/localMedia'

export type MediaView = 'thumb' | 'view' | 'original'

/** Where to show a photo or recording from: this device while it has the bytes, else the server. */
export function useMediaUrl(id: () => string, view: MediaView) {
  const url = ref<string | null>(null)
  let made: string | null = null

  function release(): void {
    if (made) URL.revokeObjectURL(made)
    made = null
  }

  watchEffect((onCleanup) => {
    const media = id()
    const turn = new AbortController()
    onCleanup(() => turn.abort())
    void (async () => {
      const blob = localMedia.get(media) ?? (await useClient().outbox.blob(media))
      if (turn.signal.aborted) return
      release()
      made = blob ? URL.createObjectURL(blob) : null
      url.value = made ?? `/api/media/${media}/${view}`
    })()
  })
  onScopeDispose(release)
  return { url }
}

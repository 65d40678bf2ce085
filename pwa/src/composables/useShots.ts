import { ref } from 'vue'
import { useClient } from '@/client'
import { compress } from '@/lib/image'
import { localMedia } from '@/lib/localMedia'
import type { MediaRole, PhotoRole, Shot } from '@/lib/shots'
import { useGeolocation } from './useGeolocation'

/** Takes photos and recordings in, with what the shutter saw: time, place, camera or album. */
export function useShots() {
  const { outbox } = useClient()
  const { fix } = useGeolocation()
  const busy = ref(false)

  async function keep(
    blob: Blob,
    role: MediaRole,
    origin: Shot['origin'],
    takenAt = Date.now(),
  ): Promise<Shot> {
    const described = await outbox.describe(blob)
    localMedia.put(described.id, blob)
    return {
      ...described,
      role,
      origin,
      taken_at: new Date(takenAt).toISOString(),
      position: origin === 'camera' && fix.value ? { ...fix.value } : null,
    }
  }

  /** Throws UnreadableImage. */
  async function take(file: File, role: PhotoRole, origin: Shot['origin']): Promise<Shot> {
    busy.value = true
    const takenAt = origin === 'album' ? file.lastModified : Date.now()
    try {
      const { blob } = await compress(file)
      return await keep(blob, role, origin, takenAt)
    } finally {
      busy.value = false
    }
  }

  return { take, keep, busy }
}

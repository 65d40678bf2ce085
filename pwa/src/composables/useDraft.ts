import type { NewMedia } from '@xunge/client'
import { ref, watch, type Ref } from 'vue'
import { useClient } from '@/client'
import { localMedia } from '@/lib/localMedia'
import type { Shot } from '@/lib/shots'

export interface WithShots {
  shots: Shot[]
}

function kindOf(role: Shot['role'], blob: Blob | undefined): NewMedia['kind'] {
  if (role === 'audio' || blob?.type.startsWith('audio/')) return 'audio'
  return role !== 'form' || !blob || blob.type.startsWith('image/') ? 'photo' : 'file'
}

/** Roles that show what happened. */
const FIRST = new Set<Shot['role']>(['near', 'far', 'reference'])

export function mediaOf(shots: readonly Shot[]): NewMedia[] {
  return shots.map(({ id, role }) => {
    const blob = localMedia.get(id)
    const kind = kindOf(role, blob)
    const name = `${role}.${{ photo: 'jpg', audio: 'webm', file: 'bin' }[kind]}`
    return { id, kind, name, first: FIRST.has(role), ...(blob ? { blob } : {}) }
  })
}

/**
 * A form that is saved at every keystroke under `key` and found again after a kill. Photos in
 * `elsewhere` belong to a refused item that is being corrected, and stay its own until then.
 * `shotsOf` names all photos of a draft that keeps some of them deeper than in `shots`.
 */
export function useDraft<T extends WithShots>(
  key: string,
  blank: () => T,
  elsewhere: ReadonlySet<string> = new Set(),
  shotsOf: (draft: T) => readonly Shot[] = ({ shots }) => shots,
) {
  const { drafts } = useClient()
  const draft = ref(blank()) as Ref<T>
  const ready = ref(false)
  let settled = false

  async function load(): Promise<void> {
    const kept = await drafts.load(key)
    if (kept) {
      for (const [id, blob] of kept.blobs) localMedia.put(id, blob)
      draft.value = { ...blank(), ...(kept.value as T) }
    }
    ready.value = true
    watch(draft, save, { deep: true })
  }

  function save(): void {
    if (settled) return
    const value = JSON.parse(JSON.stringify(draft.value)) as T
    drafts.save(key, value, mediaOf(shotsOf(value).filter(({ id }) => !elsewhere.has(id))))
  }

  void load()

  return {
    draft,
    ready,
    key,
    /** Submits: from then on the outbox holds it all, and nothing may bring the draft back. */
    finish: async (submit: () => Promise<unknown>): Promise<void> => {
      settled = true
      try {
        await drafts.flush()
        await submit()
      } catch (error) {
        settled = false
        throw error
      }
    },
    discard: async (): Promise<void> => {
      settled = true
      await drafts.discard(key)
    },
  }
}

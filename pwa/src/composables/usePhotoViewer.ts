import { useClient } from '@/client'
import { useNotice } from './useNotice'
import { localMedia } from '@/lib/localMedia'

/** Photos over the whole screen, to swipe through and to zoom. */
export function usePhotoViewer() {
  async function view(ids: string[], startPosition = 0): Promise<void> {
    const urls = await Promise.all(
      ids.map(async (id) => {
        const blob = localMedia.get(id) ?? (await useClient().outbox.blob(id))
        return blob ? URL.createObjectURL(blob) : `/api/media/${id}/view`
      }),
    )
    try {
      const { showImagePreview } = await import('@/lib/overlays')
      showImagePreview({
        images: urls,
        startPosition,
        closeable: true,
        closeOnPopstate: true,
        onClose: () => {
          for (const url of urls) if (url.startsWith('blob:')) URL.revokeObjectURL(url)
        },
      })
    } catch {
      useNotice().complain('大图现在打不开，连上网络后再试')
    }
  }
  return { view }
}

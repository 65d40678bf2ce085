/** Vant's overlays, fetched when the first one is needed; one module, so that styles keep order. */
import '@/styles/vant.css'

export { showConfirmDialog } from 'vant/es/dialog'
export { showImagePreview } from 'vant/es/image-preview'

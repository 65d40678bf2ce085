// Uploads one file with tus-js-client as it comes from the registry. One JSON argument in; one JSON
// line out for the end, and one for each piece that the server has confirmed.
import { openSync, readSync, statSync, closeSync } from 'node:fs'
import { Upload } from 'tus-js-client'

const job = JSON.parse(process.argv[2])
const size = statSync(job.path).size
const bytes = Buffer.alloc(size)
const file = openSync(job.path, 'r')
readSync(file, bytes)
closeSync(file)

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n')

let began
const upload = new Upload(bytes, {
  endpoint: job.endpoint,
  uploadUrl: job.url ?? null,
  headers: { Authorization: `Bearer ${job.token}` },
  metadata: job.metadata,
  retryDelays: job.retryDelays ?? [],
  chunkSize: job.chunkSize ?? Infinity,
  uploadDataDuringCreation: job.during ?? false,
  overridePatchMethod: job.override ?? false,
  storeFingerprintForResuming: false,
  onProgress: (sent) => (began ??= sent),
  onChunkComplete: (_, confirmed) => {
    say({ confirmed })
    if (job.stopAfter && confirmed >= job.stopAfter)
      void upload.abort().then(() => say({ end: 'stopped', url: upload.url }))
  },
  onSuccess: () => say({ end: 'success', url: upload.url, began }),
  onError: (error) =>
    say({
      end: 'error',
      status: error.originalResponse?.getStatus() ?? null,
      body: error.originalResponse?.getBody() ?? String(error),
    }),
})
upload.start()

const { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } = require('@aws-sdk/client-s3')
const { failure, serve } = require('../../checks')

const s3 = new S3Client({ region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 })
serve({
  checks: {
    put: () => s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'a b.txt', Body: 'content', ContentType: 'text/plain', Metadata: { who: 'ana' } })).then(({ ETag, $metadata }) => [ETag, $metadata.httpStatusCode]),
    putBuffer: () => s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'b.bin', Body: Buffer.alloc(3000, 7) })).then(({ ETag }) => ETag),
    get: async () => { const { Body, ContentType, Metadata } = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'a.txt' })); return [await Body.transformToString(), ContentType, Metadata] },
    bytes: async () => { const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'a.txt' })); return (await Body.transformToByteArray()).length },
    head: () => s3.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'a.txt' })).then(({ ContentLength }) => ContentLength),
    list: () => s3.send(new ListObjectsV2Command({ Bucket: 'bucket', Prefix: 'a' })).then(({ Contents, KeyCount }) => [Contents, KeyCount]),
    missing: () => failure(() => s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'none' }))).then(({ failed }) => [failed.name, failed.message]),
    delete: () => s3.send(new DeleteObjectCommand({ Bucket: 'bucket', Key: 'a.txt' })).then(({ $metadata }) => $metadata.httpStatusCode),
  },
})

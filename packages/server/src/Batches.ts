/**
 * Batches over HTTP. Each request of a batch goes through the router as if it came by itself, so that whatever a path
 * checks, it checks here. Where the batch is done as a whole, each stops where it would submit its command; the
 * commands are submitted as one, and each goes on with its own reply or refusal.
 */
import {
  BatchRefused,
  type BatchReport,
  type BatchRequest,
  type BatchResult,
  CurrentActor,
  MAX_CALLER_KEY_LENGTH,
  OnhandApi
} from "@onhand/api"
import {
  type ClaimEvent,
  type CommandName,
  commands,
  Inventory,
  type Movement,
  type PayloadOf,
  StepRefused,
  type SubmitOptions,
  type Submitted
} from "@onhand/core"
import { DateTime, Deferred, Effect, Fiber } from "effect"
import { HttpRouter, HttpServerRequest, type HttpServerResponse } from "effect/http"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { faulty } from "./Faults.ts"
import { answering, requiredKey, Submitter, submitAs } from "./OutwardRefusal.ts"
import { replayedHeader, timestamp } from "./Replying.ts"
import { RequestInfo } from "./RequestInfo.ts"
import { movementReply } from "./StockMovements.ts"
import { type Decimals, decimalsOf, toDecimal, Units } from "./Units.ts"

const HOST = "http://batch"

/** What a request's own number adds to the key of its batch. */
const NUMBER_LENGTH = ":50".length

const decoder = new TextDecoder()

const resultOf = ({ status, headers, body }: HttpServerResponse.HttpServerResponse): BatchResult => ({
  status,
  etag: headers["etag"] ?? null,
  replayed: headers["idempotency-replayed"] === "true",
  body: body._tag === "Uint8Array" ? JSON.parse(decoder.decode(body.body)) : null
})

/** A request that waits for its answer, and the command that it asks for. */
interface Asked {
  readonly command: CommandName
  readonly payload: unknown
  readonly options: SubmitOptions
}

interface Step {
  /** What it asks for, or what it was answered without asking for anything. */
  readonly asked: Deferred.Deferred<Asked | BatchResult>
  readonly answer: Deferred.Deferred<Submitted<unknown>, unknown>
}

const isStepRefused = (error: unknown): error is StepRefused => error instanceof StepRefused

const isAnswered = (asked: Asked | BatchResult): asked is BatchResult => "status" in asked

/** Lets a request tell what it would submit, once, and wait for what became of it. */
const submitterOf = ({ asked, answer }: Step): Inventory["Service"]["submit"] => {
  const submit = (command: CommandName, payload: unknown, options: SubmitOptions = {}) =>
    Effect.flatMap(Deferred.succeed(asked, { command, payload, options }), (first) =>
      first ? Deferred.await(answer) : Effect.die(new Error("A request of a batch is one command"))
    )
  // What it is answered is of the command that it asked for; the compiler cannot see that through the deferred.
  return submit as unknown as Inventory["Service"]["submit"]
}

const plannedClaim = (event: ClaimEvent, decimals: Decimals) => ({
  kind: event.kind,
  claim: event.claim,
  product: event.product,
  location: event.location,
  lot: event.lot,
  quantity: toDecimal(event.quantity, decimalsOf(decimals, event.product)),
  expiresAt: event.expiresAt && timestamp(event.expiresAt),
  source: event.source
})

/** The one time at which all of it happened: a commit has one. */
const timeOf = (asked: ReadonlyArray<Asked>) => {
  const [first] = asked
  const millis = (options: SubmitOptions | undefined) =>
    options?.occurredAt && DateTime.toEpochMillis(options.occurredAt)
  return asked.every(({ options }) => millis(options) === millis(first?.options))
    ? Effect.succeed(first?.options.occurredAt)
    : Effect.fail(faulty("payload.requests", "The same occurredAt in all of them, or in none, is accepted"))
}

/** The requests of a batch as one command. Each was made by the handler of its path, for a command of that name. */
const composed = (asked: ReadonlyArray<Asked>): PayloadOf<"compose"> =>
  ({ commands: asked.map(({ command, payload }) => ({ command, payload })) }) as unknown as PayloadOf<"compose">

const make = Effect.gen(function* () {
  const inventory = yield* Inventory
  const units = yield* Units
  const router = yield* HttpRouter.HttpRouter
  // The routes are all there once a request comes, and not yet while they are being made.
  let routes: ReturnType<typeof router.asHttpEffect> | undefined

  /** Asks a request of the batch, on behalf of who sent the batch. */
  const ask = ({ method, path, ifMatch, body }: BatchRequest, key: string) =>
    Effect.gen(function* () {
      const { headers, remoteAddress } = yield* HttpServerRequest.HttpServerRequest
      const { id } = yield* RequestInfo
      const web = new Request(`${HOST}${path}`, {
        method,
        headers: {
          authorization: headers["authorization"] ?? "",
          "x-request-id": id,
          "idempotency-key": key,
          ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
          ...(body === undefined ? {} : { "content-type": "application/json" })
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      const request = HttpServerRequest.fromWeb(web).modify({ remoteAddress })
      routes ??= router.asHttpEffect()
      const reply = yield* Effect.provideService(routes, HttpServerRequest.HttpServerRequest, request)
      return resultOf(reply)
    }).pipe(Effect.scoped, Effect.orDie)

  /** Has all requests tell their commands, hands these to `submit`, and gives each request its answer. */
  const together = <A, E>(
    requests: ReadonlyArray<BatchRequest>,
    key: string,
    submit: (asked: ReadonlyArray<Asked>) => Effect.Effect<A & { readonly replies: Replies }, E | StepRefused>
  ) =>
    Effect.gen(function* () {
      const running = yield* Effect.forEach(requests, (request, index) =>
        Effect.gen(function* () {
          const step: Step = {
            asked: yield* Deferred.make<Asked | BatchResult>(),
            answer: yield* Deferred.make<Submitted<unknown>, unknown>()
          }
          const fiber = yield* ask(request, `${key}:${index + 1}`).pipe(
            Effect.provideService(Submitter, submitterOf(step)),
            Effect.tap((result) => Deferred.succeed(step.asked, result)),
            Effect.tapCause((cause) => Deferred.failCause(step.asked, cause)),
            Effect.forkScoped
          )
          return { ...step, fiber }
        })
      )
      const asked: Array<Asked> = []
      for (const [index, step] of running.entries()) {
        const told = yield* Deferred.await(step.asked)
        if (isAnswered(told)) return yield* new BatchRefused({ index, refusal: told.body })
        asked.push(told)
      }
      const done = yield* submit(asked).pipe(
        Effect.catchIf(isStepRefused, ({ index, command, refusal }) =>
          Effect.gen(function* () {
            const step = running[index]
            const definition = Object.entries(commands).find(([name]) => name === command)?.[1]
            if (step === undefined || definition === undefined) {
              return yield* Effect.die(new Error(`Nobody asked for command ${index}, ${command}`))
            }
            yield* Deferred.fail(step.answer, definition.codec.decodeRefusal(refusal))
            const { body } = yield* Fiber.join(step.fiber)
            return yield* new BatchRefused({ index, refusal: body })
          })
        )
      )
      const { replayed, at } = done.replies
      for (const [index, { answer }] of running.entries()) {
        yield* Deferred.succeed(answer, { reply: done.replies.reply.replies[index]?.reply, replayed, at })
      }
      const results = yield* Effect.forEach(running, ({ fiber }) => Fiber.join(fiber))
      return { done, results }
    }).pipe(Effect.scoped)

  return { inventory, units, ask, together }
})

type Replies = Submitted<{ readonly replies: ReadonlyArray<{ readonly reply: unknown }> }>

const NOWHERE = { shard: 0, seq: 0 }

export const layerBatches = HttpApiBuilder.group(
  OnhandApi,
  "batches",
  Effect.fnUntraced(function* (handlers) {
    const { inventory, units, ask, together } = yield* make

    const consequences = (movements: ReadonlyArray<Movement>, claims: ReadonlyArray<ClaimEvent>) =>
      Effect.map(units.ofKnown([...movements, ...claims].map(({ product }) => product)), (decimals) => ({
        movements: movements.map((movement) => movementReply(movement, decimalsOf(decimals, movement.product))),
        claims: claims.map((event) => plannedClaim(event, decimals))
      }))

    const planned = Effect.fnUntraced(function* (requests: ReadonlyArray<BatchRequest>, key: string, actor: string) {
      const { done, results } = yield* together(requests, key, (asked) =>
        Effect.gen(function* () {
          const options = { actor, occurredAt: yield* timeOf(asked) }
          const plan = yield* answering(inventory.plan("compose", composed(asked), options))
          if (plan._tag === "Refused") return yield* plan.refusal
          return { plan, replies: { reply: plan.reply, replayed: false, at: NOWHERE } }
        })
      ).pipe(Effect.catchTag("IdempotencyConflict", Effect.die))
      return { results, ...(yield* consequences(done.plan.movements, done.plan.claimEvents)) }
    })

    const runs = {
      each: (requests: ReadonlyArray<BatchRequest>, key: string) =>
        Effect.map(
          Effect.forEach(requests, (request, index) => ask(request, `${key}:${index + 1}`)),
          (results): BatchReport => ({ results })
        ),
      all: Effect.fnUntraced(function* (requests: ReadonlyArray<BatchRequest>, key: string) {
        const actor = yield* CurrentActor
        const { results } = yield* together(requests, key, (asked) =>
          Effect.gen(function* () {
            const command = { actor, key, occurredAt: yield* timeOf(asked) }
            return { replies: yield* submitAs(inventory, "compose", composed(asked), command) }
          })
        )
        return { results }
      }),
      plan: (requests: ReadonlyArray<BatchRequest>, key: string) =>
        Effect.flatMap(CurrentActor, ({ id }) => planned(requests, key, id))
    }

    return handlers.handleAll({
      run: Effect.fnUntraced(function* ({ headers, payload: { mode, requests } }) {
        const key = yield* requiredKey(headers["idempotency-key"])
        if (key.length > MAX_CALLER_KEY_LENGTH - NUMBER_LENGTH) {
          const most = MAX_CALLER_KEY_LENGTH - NUMBER_LENGTH
          return yield* faulty("headers.idempotency-key", `Of a batch at most ${most} characters are accepted`)
        }
        for (const [index, { path }] of requests.entries()) {
          if (new URL(path, HOST).pathname === path) continue
          return yield* faulty(`payload.requests.${index}.path`, "A path without . and .. in it is accepted")
        }
        const body: BatchReport = yield* runs[mode](requests, key)
        const replayed = body.results.every((result) => result.replayed)
        return HttpApiSchema.withHeaders({ body, headers: replayedHeader(replayed) })
      })
    })
  })
)

/**
 * `onhand serve`: opens the store, makes what a first start needs, and serves until it is asked to stop.
 */
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "@onhand/api"
import { DEFAULT_LIFETIME_SECONDS, layerLocal, type RetiredKey, type TrustedIssuer } from "@onhand/auth"
import { Email, Inventory } from "@onhand/core"
import { layerDeliveries, layerForecasts } from "@onhand/postgres"
import {
  DEFAULT_ADMIN_EMAIL,
  ensureAdmin,
  serve as layerServer,
  MetricsText,
  ownMetrics,
  Planner,
  ServerSettings
} from "@onhand/server"
import { Console, Context, Effect, Layer, Option, Predicate, Redacted, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { HttpServer } from "effect/http"
import { expiryDaysSetting, startBackgroundWork } from "./BackgroundWork.ts"
import { Mistake, readSettings, type Setting, secret, text, value } from "./Configuration.ts"
import { exitCode, exitCodes } from "./ExitCode.ts"
import { type Exposure, exposure, settingsOf } from "./Exposure.ts"
import { identityProviderSetting } from "./IdentityProvider.ts"
import { type MailChoice, mailSetting } from "./MailChoice.ts"
import { planThreads } from "./PlanThreads.ts"
import { makeSampleShop } from "./SampleShop.ts"
import {
  layerStore,
  placeOf,
  type StoreChoice,
  type StoreFlags,
  storeFlags,
  storeSetting,
  storeVariables
} from "./StoreChoice.ts"
import { layerTelemetry } from "./Telemetry.ts"
import { formerSecretSetting, secretSetting, tokenSecret } from "./TokenSecret.ts"
import { readyText, type SignIn, signInText } from "./Welcome.ts"
import { allMetrics, tellMetrics } from "./WorkerMetrics.ts"
import { anyFreePort, isWorker, startWorkers, workerPort } from "./Workers.ts"

const DEFAULT_PORT = 3000

/** Only this machine: whoever wants more says so. */
const DEFAULT_HOST = "127.0.0.1"

/** How long requests are still taken after SIGTERM, with word to go elsewhere. */
const GRACE_MILLIS = 1_000

/** By whom and for whom tokens are made. */
const TOKEN_PARTY = "onhand"

/** The port is taken, or the address is not one that this process may listen at. */
export class AddressNotFree extends Schema.TaggedError<AddressNotFree>()("AddressNotFree", {
  host: Schema.String,
  port: Schema.Int,
  reason: Schema.String
}) {
  override readonly [exitCode] = exitCodes.address
  override get message() {
    return `Cannot serve on port ${this.port} of ${this.host}: ${this.reason}`
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else serves there; stop it, or choose another port with --port or PORT",
  EACCES: "this user may not; a port above 1023 is accepted, with --port or PORT",
  EADDRNOTAVAIL: "this machine does not have that address; one that it has is accepted, with --host or HOST",
  ENOTFOUND: "nobody knows that name; an address of this machine is accepted, with --host or HOST"
}

const addressError = (at: { readonly host: string; readonly port: number }, cause: unknown): AddressNotFree => {
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  return new AddressNotFree({
    ...at,
    reason: reasons[code] ?? (cause instanceof Error ? cause.message : String(cause))
  })
}

const Port = Schema.FiniteFromString.check(
  Schema.isBetween(
    { minimum: 0, maximum: 65_535 },
    { message: "a port from 1 to 65535, or 0 for any free one, is accepted" }
  ),
  Schema.isInt({ message: "a whole number is accepted" })
)
const Host = Schema.String.check(
  Schema.isPattern(/^[\w.:-]+$/, {
    message: "an address of this machine is accepted, such as 127.0.0.1 or 0.0.0.0 for all"
  })
)
const WorkerCount = Schema.FiniteFromString.check(
  Schema.isInt({ message: "a whole number is accepted" }),
  Schema.isBetween({ minimum: 1, maximum: 64 }, { message: "1 to 64 is accepted" })
)
const YesNo = Schema.Literals(["true", "false"])

const adminEmail: Setting<string> = Effect.flatMap(text("ONHAND_ADMIN_EMAIL"), (found) => {
  const email = Option.getOrElse(found, () => DEFAULT_ADMIN_EMAIL)
    .trim()
    .toLowerCase()
  return Schema.is(Email)(email)
    ? Effect.succeed(email)
    : Effect.fail(new Mistake({ text: "ONHAND_ADMIN_EMAIL: an e-mail address is accepted, such as ann@example.com" }))
})

const adminPassword: Setting<Option.Option<Redacted.Redacted<string>>> = Effect.flatMap(
  secret("ONHAND_ADMIN_PASSWORD"),
  (password) => {
    const length = Option.match(password, {
      onNone: () => MIN_PASSWORD_LENGTH,
      onSome: (one) => Redacted.value(one).length
    })
    if (length >= MIN_PASSWORD_LENGTH && length <= MAX_PASSWORD_LENGTH) return Effect.succeed(password)
    const accepted = `${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters are accepted`
    return Effect.fail(new Mistake({ text: `ONHAND_ADMIN_PASSWORD: it has ${length}; ${accepted}` }))
  }
)

const serveFlags = {
  port: Flag.String("port").pipe(
    Flag.withAlias("p"),
    Flag.optional,
    Flag.withMetavar("<number>"),
    Flag.withDescription(`Port to serve on (PORT; ${DEFAULT_PORT} without it, 0 takes any free one)`)
  ),
  host: Flag.String("host").pipe(
    Flag.optional,
    Flag.withMetavar("<address>"),
    Flag.withDescription(`Address to listen at (HOST; ${DEFAULT_HOST}, this machine alone, without it)`)
  ),
  workers: Flag.String("workers").pipe(
    Flag.optional,
    Flag.withMetavar("<number>"),
    Flag.withDescription("Processes that serve on the port, on PostgreSQL (ONHAND_WORKERS; 1 without it)")
  ),
  sampleShop: Flag.Boolean("sample-shop").pipe(
    Flag.optional,
    Flag.withDescription("Fill an empty store with a sample shop (ONHAND_SAMPLE_SHOP; true without it)")
  ),
  ...storeFlags
}

/** How many processes serve. The embedded database belongs to one process alone. */
const workersSetting = (flags: StoreFlags): Setting<number> =>
  Effect.gen(function* () {
    const workers = yield* value("ONHAND_WORKERS", WorkerCount, 1)
    if (workers > 1 && (yield* storeSetting(flags))._tag === "Embedded") {
      return yield* new Mistake({
        text: "ONHAND_WORKERS: the embedded database takes 1; with a PostgreSQL in DATABASE_URL more are accepted"
      })
    }
    return workers
  })

interface ServeSettings extends Exposure {
  readonly store: StoreChoice
  readonly port: number
  readonly host: string
  readonly workers: number
  readonly sampleShop: "true" | "false"
  readonly secret: Option.Option<Redacted.Redacted<string>>
  readonly formerSecret: ReadonlyArray<RetiredKey>
  readonly email: string
  readonly password: Option.Option<Redacted.Redacted<string>>
  readonly mail: Option.Option<MailChoice>
  readonly trusted: ReadonlyArray<TrustedIssuer>
  readonly expiryDays: number
}

const layerAuth = (settings: ServeSettings) =>
  Layer.unwrap(
    Effect.map(tokenSecret(settings.secret, settings.store), (secret) =>
      layerLocal({
        key: { _tag: "Secret", secret },
        retired: settings.formerSecret,
        issuer: TOKEN_PARTY,
        audience: TOKEN_PARTY,
        lifetimeSeconds: DEFAULT_LIFETIME_SECONDS,
        trusted: settings.trusted
      })
    )
  )

/** Forecasts are nothing but computing: on threads of their own they keep no other request waiting. */
const layerPlanner = Layer.effect(Planner, planThreads())

/** Makes the first administrator and tells its sign-in at once: nothing that goes wrong later may swallow it. */
const prepareAdmin = ({ email, password }: ServeSettings) =>
  Effect.gen(function* () {
    const first = { email, password: Option.getOrUndefined(password) }
    // Two servers that start on one empty database both want to make it; the second then finds it made.
    const admin = yield* Effect.retry(ensureAdmin(first), { times: 1, while: ({ _tag }) => _tag === "EmailTaken" })
    const signIn: SignIn =
      admin._tag === "Exists"
        ? { _tag: "Known" }
        : { _tag: "New", email: admin.email, password: Option.fromNullOr(admin.password) }
    yield* Console.log(signInText(signIn))
    return signIn
  })

const addressText = ({ host, tls }: ServeSettings, port: number): string =>
  `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`

/** Makes what a first start needs, before anybody is served. */
const prepare = (settings: ServeSettings) =>
  Effect.gen(function* () {
    const signIn = yield* prepareAdmin(settings)
    const sampleShop = settings.sampleShop === "true" && (yield* makeSampleShop)
    if (sampleShop) yield* Console.log("A sample shop was made: 12 products in a shop and its warehouse.")
    return { signIn, sampleShop }
  })

const layerServices = (settings: ServeSettings) =>
  Layer.mergeAll(layerAuth(settings), layerForecasts, layerDeliveries, layerPlanner).pipe(
    Layer.provideMerge(Inventory.layer),
    Layer.provideMerge(layerStore(settings.store)),
    Layer.provideMerge(Layer.succeed(ServerSettings, settingsOf(settings, Option.isSome(settings.mail)))),
    Layer.provideMerge(layerTelemetry)
  )

/** Begins to serve, for as long as the scope lives. */
const listen = ({ port, host, tls, maxConnections, ...others }: ServeSettings) =>
  Layer.build(
    layerServer({ port, host, maxConnections, graceMillis: GRACE_MILLIS, ...(tls === undefined ? {} : { tls }) })
  ).pipe(
    Effect.catchTag("ServeError", ({ cause }) => Effect.fail(addressError({ port, host }, cause))),
    Effect.tap(() => {
      const { webhooks } = settingsOf({ ...others, tls, maxConnections })
      return startBackgroundWork(others.mail, webhooks, { expiryDays: others.expiryDays })
    })
  )

const forPeople = (address: string): string => address.replace(/\/\/(0\.0\.0\.0|\[::\])/, "//localhost")

const serveAlone = (settings: ServeSettings) =>
  Effect.gen(function* () {
    const prepared = yield* prepare(settings)
    const services = yield* listen(settings)
    const { address } = Context.get(services, HttpServer.HttpServer)
    const url = forPeople(addressText(settings, "port" in address ? address.port : settings.port))
    yield* Console.log(readyText({ url, ...prepared }))
    return yield* Effect.never
  }).pipe(Effect.scoped, Effect.provide(layerServices(settings)))

/** A worker only serves: the first process has made everything else, and tells what is to be told. */
const serveAsWorker = (settings: ServeSettings) =>
  tellMetrics(ownMetrics).pipe(
    Effect.andThen(listen({ ...settings, port: workerPort ?? settings.port })),
    Effect.andThen(Effect.never),
    Effect.provideService(MetricsText, allMetrics),
    Effect.scoped,
    Effect.provide(layerServices(settings))
  )

const serveByWorkers = (settings: ServeSettings) =>
  Effect.gen(function* () {
    // The store is closed again before the workers open it: the first process holds no connection.
    const prepared = yield* prepare(settings).pipe(Effect.scoped, Effect.provide(layerServices(settings)))
    const secret = yield* tokenSecret(settings.secret, settings.store)
    const { port, dying } = yield* startWorkers(settings.workers, {
      ...(Option.isSome(settings.secret) ? {} : { ONHAND_SECRET: Redacted.value(secret) }),
      ...(settings.port === 0 ? yield* anyFreePort(settings.host) : {})
    })
    yield* Console.log(readyText({ url: forPeople(addressText(settings, port)), ...prepared }))
    return yield* dying
  }).pipe(Effect.scoped)

const serveUntilStopped = (settings: ServeSettings) =>
  Effect.gen(function* () {
    if (isWorker) return yield* serveAsWorker(settings)
    return settings.workers > 1 ? yield* serveByWorkers(settings) : yield* serveAlone(settings)
  })

/** Serves until it is interrupted; then it lets what is under way finish, which counts as success. */
const serve = (settings: ServeSettings) =>
  (isWorker ? Effect.void : Console.error(`onhand: opening the database ${placeOf(settings.store)}`)).pipe(
    Effect.andThen(serveUntilStopped(settings)),
    Effect.onInterrupt(() =>
      Effect.sync(() => {
        process.exitCode = exitCodes.ok
      })
    )
  )

export const serveCommand = Command.make("serve", serveFlags, (flags) =>
  readSettings(
    {
      store: storeSetting(flags),
      port: value("PORT", Port, DEFAULT_PORT),
      host: value("HOST", Host, DEFAULT_HOST),
      sampleShop: value("ONHAND_SAMPLE_SHOP", YesNo, "true"),
      workers: workersSetting(flags),
      ...exposure,
      secret: secretSetting,
      formerSecret: formerSecretSetting,
      email: adminEmail,
      password: adminPassword,
      mail: mailSetting,
      trusted: identityProviderSetting,
      expiryDays: expiryDaysSetting
    },
    {
      ...storeVariables(flags),
      PORT: flags.port,
      HOST: flags.host,
      ONHAND_WORKERS: flags.workers,
      ONHAND_SAMPLE_SHOP: Option.map(flags.sampleShop, String)
    },
    "strict"
  ).pipe(Effect.flatMap(serve))
).pipe(
  Command.withShortDescription("Serve the HTTP API on the embedded database or PostgreSQL"),
  Command.withDescription(
    "Serves the HTTP API. The first start makes the database, a sample shop if the database is empty, and an " +
      "administrator: ONHAND_ADMIN_EMAIL and ONHAND_ADMIN_PASSWORD, or a random password that is printed once. " +
      "ONHAND_SECRET (at least 32 bytes) signs access tokens; without it one is made and kept in the data folder. " +
      "ONHAND_SMTP_URL, ONHAND_MAIL_FROM and ONHAND_MAIL_TO have notifications written to people. " +
      "Secrets can come from files: ONHAND_SECRET_FILE, ONHAND_ADMIN_PASSWORD_FILE, DATABASE_URL_FILE, " +
      "ONHAND_SMTP_URL_FILE. " +
      "A line `ready: <url>` says that it serves; SIGTERM and Ctrl-C let requests under way finish and end with 0."
  ),
  Command.withExamples([
    { command: "onhand serve", description: "Serve on http://127.0.0.1:3000 from ./.onhand" },
    { command: "PORT=8080 HOST=0.0.0.0 onhand serve", description: "Serve the network on port 8080" },
    { command: "DATABASE_URL=postgres://me@db/shop onhand serve", description: "Serve from a PostgreSQL" }
  ])
)

/**
 * The commands there are: the name a caller uses, and the definition behind it.
 */
import type { CommandDefinition } from "./Command.ts"
import { composeOver } from "./Compose.ts"
import * as single from "./SingleCommands.ts"

// Secrets would stand in the payload of the composition, and a repair stands alone: it corrects what it reads.
const {
  registerUser: _registerUser,
  updateUser: _updateUser,
  openSession: _openSession,
  createApiKey: _createApiKey,
  createWebhook: _createWebhook,
  updateWebhook: _updateWebhook,
  repairBalances: _repairBalances,
  ...composable
} = single

type Composable = Omit<
  typeof single,
  "registerUser" | "updateUser" | "openSession" | "createApiKey" | "createWebhook" | "updateWebhook" | "repairBalances"
>

/** Every command by its name. */
export const commands: typeof single & { readonly compose: ReturnType<typeof composeOver<Composable>> } = {
  ...single,
  compose: composeOver<Composable>(composable)
}

/** The definition of each command by its tag, as it is stored with the command. */
export const commandsByTag: ReadonlyMap<string, CommandDefinition> = new Map(
  Object.values<CommandDefinition>(commands).map((definition) => [definition.tag, definition])
)

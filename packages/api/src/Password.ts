/**
 * Passwords and addresses as people type them.
 */
import { Schema } from "effect"

/** The shortest password, after NIST SP 800-63B. */
export const MIN_PASSWORD_LENGTH = 8

/** The longest: more makes nothing safer, and hashing it has its price. Passwords are never cut short. */
export const MAX_PASSWORD_LENGTH = 256

/** An address as people type it; it is compared in lower case. */
export const EmailInput = Schema.String.check(
  Schema.isMaxLength(254),
  Schema.isPattern(/^\s*[^\s@]{1,64}@[^\s@]+\.[^\s@]+\s*$/)
).annotate({ description: "An e-mail address; upper and lower case are the same", examples: ["ann@example.com"] })

/** A password to be set. Any characters, spaces included. */
export const NewPassword = Schema.String.check(
  Schema.isMinLength(MIN_PASSWORD_LENGTH),
  Schema.isMaxLength(MAX_PASSWORD_LENGTH)
).annotate({ format: "password", examples: ["correct horse battery"] })

/** A password to be compared. */
export const Password = Schema.String.check(Schema.isMaxLength(MAX_PASSWORD_LENGTH)).annotate({ format: "password" })

export const PersonName = Schema.NonEmptyString.check(Schema.isMaxLength(120))

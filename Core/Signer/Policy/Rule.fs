namespace Nitro.Signer.Policy

open Nitro.Kernel

/// What one rule says of one request.
[<Struct>]
type internal Finding =
    | Pass
    /// Signed before: the same answer, and nothing changes.
    | Repeated
    | Refused
    /// Not now.
    | NotYet

/// One line of the table: a tag and its check.
type internal Rule<'Case> =
    { Tag: Tag
      Check: 'Case -> Finding }

/// The common part of every case.
type internal Asked =
    { Powers: Powers
      Config: SignerConfig
      State: SignerState
      Now: int64
      Anchor: Bytes32 voption }

/// What all rules together say.
type internal Ruling =
    | Passed of warned: string list
    | SameAgain
    | Stopped of Decision

module internal Rule =
    let require condition = if condition then Pass else Refused
    let await condition = if condition then Pass else NotYet

    /// 37: the memory is the newest there is, as far as can be told.
    let anchored (asked: Asked) =
        match asked.Anchor with
        | _ when asked.State.Suspect -> Refused
        | ValueSome root -> require (root = asked.State.Root)
        | ValueNone -> Pass

    /// The first rule that fails decides; one that only warns is passed over and named.
    let rec private walk modes warned (rules: Rule<'Case> list) case =
        match rules with
        | [] -> Passed(List.rev warned)
        | rule :: rest ->
            let mode = Modes.ofTag rule.Tag modes

            match (if mode = Off then Pass else rule.Check case), mode with
            | Pass, (Enforce | Warn | Off) -> walk modes warned rest case
            | Repeated, (Enforce | Warn | Off) -> SameAgain
            | (Refused | NotYet), (Warn | Off) -> walk modes (rule.Tag.Name :: warned) rest case
            | Refused, Enforce -> Stopped(Deny rule.Tag.Name)
            | NotYet, Enforce -> Stopped(Retry rule.Tag.Name)

    let judge (modes: Modes) (rules: Rule<'Case> list) case = walk modes [] rules case

namespace Nitro.Signer.Policy

open Nitro.Kernel

/// At most so much in `Buckets` times `Seconds`.
type internal Window =
    { Limit: Amount
      /// Length of one bucket.
      Seconds: int64
      Buckets: int }

/// What went out lately, newest bucket first.
type internal Spent =
    { /// When the newest bucket began, in seconds since 1970.
      Start: int64
      Amounts: Amount list }

/// The bucket limiter. A clock that goes back is taken as standing still, so it frees nothing.
module internal Velocity =
    let none (window: Window) : Spent =
        { Start = 0L
          Amounts = List.replicate window.Buckets Amount.zero }

    let sum (spent: Spent) = spent.Amounts |> List.fold Amount.addSaturated Amount.zero

    /// Old buckets dropped, empty ones put in front.
    let shifted (window: Window) (now: int64) (spent: Spent) : Spent =
        let now = max now spent.Start
        let passed = int (min (int64 window.Buckets) ((now - spent.Start) / window.Seconds))

        { Start = now - now % window.Seconds
          Amounts = List.replicate passed Amount.zero @ List.truncate (window.Buckets - passed) spent.Amounts }

    /// What may still go out.
    let left window now spent = Amount.lacking window.Limit (sum (shifted window now spent))

    /// Whether the amount fits, and what was spent after it; where it does not fit, without it.
    let insert (window: Window) (now: int64) (amount: Amount) (spent: Spent) : struct (bool * Spent) =
        let current = shifted window now spent

        match current.Amounts with
        | newest :: older when amount <= Amount.lacking window.Limit (sum current) ->
            struct (true, { current with Amounts = Amount.addSaturated newest amount :: older })
        | _ -> struct (false, current)

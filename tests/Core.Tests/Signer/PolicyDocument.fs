/// docs/policies.md is made from the rule book.
module Nitro.Core.Tests.Signer.PolicyDocument

open System
open System.IO
open Xunit
open Nitro.Signer.Policy
open Nitro.Core.Tests

let private path = Path.Combine(Sources.root, "docs", "policies.md")

let private modes (tag: Tag) =
    match tag.Strength with
    | Firm -> "enforce"
    | Lenient -> "enforce, warn"
    | Optional -> "enforce, warn, off"

let private head =
    [ "# The signer's policies"
      ""
      "Made from `Core/Signer/Policy` (`Rulebook.standard`, `Tags`); `NITRO_ACCEPT_POLICIES=1` with the test `PolicyDocument` writes it anew."
      ""
      "A signer decides each request by itself: it knows its own memory, its configuration and its clock, and believes nothing else. The first"
      "rule that fails names the answer: *deny* is for ever, *retry* may be asked again later. `enforce` is the default; what else a rule's mode"
      "may be stands beside it. There is no request that names a hash."
      ""
      "The node sends what a signer needs to know before it can judge: evidence first, what is wanted last (ADR 0013). Evidence that was seen before changes"
      "nothing. Where what is wanted is refused, the tag is that of the first item which was not allowed."
      "" ]

let private text =
    let table = Rulebook.table Rulebook.standard
    let requests (tag: Tag) = [ for name, tags in table do if List.contains tag tags then $"`{name}`" ]

    let rules =
        [ "## Rules"; ""; "| tag | requests | modes | why |"; "|---|---|---|---|" ]
        @ [ for tag in Tags.all -> $"""| `{tag.Name}` | {String.Join(", ", requests tag)} | {modes tag} | {tag.Why} |""" ]

    let order =
        [ ""; "## Order of evaluation"; "" ]
        @ [ for name, tags in table -> $"""- `{name}`: {String.Join(", ", tags |> List.map _.Name)}""" ]

    String.Join("\n", head @ rules @ order) + "\n"

[<Fact>]
let ``The document of policies is what the rule book says`` () =
    if Environment.GetEnvironmentVariable "NITRO_ACCEPT_POLICIES" = "1" then File.WriteAllText(path, text)
    Assert.Equal(text, File.ReadAllText path)

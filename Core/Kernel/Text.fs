namespace Nitro.Kernel

open System

/// How scalars look in messages, API calls and settings. Total: text that is wrong gives nothing.
module internal Text =
    let private hasPrefix (text: string) =
        text.Length >= 2 && text[0] = '0' && (text[1] = 'x' || text[1] = 'X')

    /// `0x` (required) and an even number of digits in any case.
    let bytes (text: string) : byte[] voption =
        if hasPrefix text then Hex.tryDigits (text.AsSpan 2) else ValueNone

    /// `0x` and exactly 40 digits in any case; the checksum of mixed case is not looked at.
    let address (text: string) : Address voption = bytes text |> ValueOption.bind Address.tryOfArray

    /// `0x` and exactly 64 digits in any case.
    let bytes32 (text: string) : Bytes32 voption = bytes text |> ValueOption.bind Bytes32.tryOfArray

    /// What the API and settings take: `0x` and 20 bytes (an account) or 32.
    let destinationStrict (text: string) : Destination voption =
        match bytes text with
        | ValueSome found when found.Length = 20 -> ValueSome(Destination.ofAddress (Address.ofSpan (ReadOnlySpan found)))
        | ValueSome found -> Bytes32.tryOfArray found
        | ValueNone -> ValueNone

    let private digit (utf8: byte) =
        if utf8 >= '0'B && utf8 <= '9'B then int (utf8 - '0'B)
        elif utf8 >= 'a'B && utf8 <= 'f'B then int (utf8 - 'a'B) + 10
        elif utf8 >= 'A'B && utf8 <= 'F'B then int (utf8 - 'A'B) + 10
        else -1

    /// What go-nitro makes of any text at all in a peer message: the prefix is optional, an odd number of digits gets a
    /// leading zero, decoding stops at the first pair that is not hexadecimal, and of what came before, the last 32 bytes
    /// count. Peers sign over what this gives, so it must not be stricter.
    let destinationLenient (text: string) : Destination =
        let utf8 = Text.Encoding.UTF8.GetBytes(if hasPrefix text then text.Substring 2 else text)
        // Digits counted from a leading zero that stands there only if their number is odd.
        let shift = utf8.Length &&& 1
        let at index = if index < shift then 0 else digit utf8[index - shift]
        let pairs = (utf8.Length + shift) / 2
        let mutable decoded = 0

        while decoded < pairs && at (2 * decoded) >= 0 && at (2 * decoded + 1) >= 0 do
            decoded <- decoded + 1

        let result = Array.zeroCreate<byte> 32

        for back in 1 .. min 32 decoded do
            let pair = decoded - back
            result[32 - back] <- byte (16 * at (2 * pair) + at (2 * pair + 1))

        Bytes32.ofSpan (ReadOnlySpan result)

    /// The outer option says whether the text is acceptable, the inner whether it is a signature: zeros of any length
    /// (also none) mean that there is none; everything else must be 65 bytes.
    let signature (text: string) : Signature voption voption =
        match bytes text with
        | ValueNone -> ValueNone
        | ValueSome found when not (ReadOnlySpan<byte>(found).ContainsAnyExcept 0uy) -> ValueSome ValueNone
        | ValueSome found -> Signature.tryOfSpan (ReadOnlySpan found) |> ValueOption.map ValueSome

    /// `0x`, then at least one digit and no leading zeros: `0x0`, `0x64`.
    let hexAmount (text: string) : Amount voption =
        let digits = text.Length - 2

        if not (hasPrefix text) || digits < 1 || digits > 64 || (digits > 1 && text[2] = '0') then ValueNone
        else
            match Hex.tryDigits (text.Substring(2).PadLeft(64, '0').AsSpan()) with
            | ValueSome found -> ValueSome(Amount.ofSpan (ReadOnlySpan found))
            | ValueNone -> ValueNone

    /// A bare decimal integer as it stands in JSON, such as `5` or `0`. Below zero and above 2^256 - 1 are refused.
    let integer (text: string) : Amount voption = if text = "-0" then ValueSome Amount.zero else Amount.tryParse text

    /// EIP-55: letter case carries a checksum.
    let checksum (address: Address) : string =
        let digits = address.ToString().Substring 2
        let hash = (Keccak.hash (Text.Encoding.ASCII.GetBytes digits)).ToArray()

        let cased =
            digits
            |> String.mapi (fun index digit ->
                let nibble = if index % 2 = 0 then hash[index / 2] >>> 4 else hash[index / 2] &&& 15uy
                if nibble >= 8uy then Char.ToUpperInvariant digit else digit)

        "0x" + cased

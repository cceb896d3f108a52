using System.CommandLine;
using System.CommandLine.Parsing;
using System.Numerics;

namespace Nitro.Cli.Rpc;

/// <summary>Typed arguments and options, each with a message that says what is expected.</summary>
internal static class Inputs
{
    private const int AddressCharacters = 42;
    private const int IdCharacters = 66;

    /// <summary>A channel id: 0x and 64 digits.</summary>
    public static Argument<string> Channel(string name, string description) =>
        new(name) { Description = description, CustomParser = result => Digits(result, IdCharacters, "a channel id: 0x and 64 hexadecimal digits") };

    /// <summary>A participant: 0x and 40 digits.</summary>
    public static Argument<string> Address(string name, string description) =>
        new(name) { Description = description, CustomParser = result => Digits(result, AddressCharacters, "an address: 0x and 40 hexadecimal digits") };

    /// <summary>The asset of a channel; the chain's own coin unless given.</summary>
    public static Option<string> Asset() => new("--asset")
    {
        Description = "Address of the ERC-20 token; without it the chain's own coin",
        HelpName = "address",
        DefaultValueFactory = _ => Payload.Native,
        CustomParser = result => Digits(result, AddressCharacters, "an address: 0x and 40 hexadecimal digits"),
    };

    /// <summary>Parties on the way, in order.</summary>
    public static Option<string[]> Intermediaries() => new("--through")
    {
        Description = "Address of an intermediary; repeat it for several, nearest first",
        HelpName = "address",
        DefaultValueFactory = _ => [],
        CustomParser = result => [.. result.Tokens.Select(token => Checked(result, token.Value, AddressCharacters, "an address: 0x and 40 hexadecimal digits"))],
    };

    /// <summary>An amount as an argument.</summary>
    public static Argument<BigInteger> Amount(string name, string description) =>
        new(name) { Description = description + AmountForm, CustomParser = Amount };

    /// <summary>An amount as an option.</summary>
    public static Option<BigInteger> AmountOption(string name, string description, bool required)
    {
        var option = new Option<BigInteger>(name) { Description = description + AmountForm, HelpName = "amount", Required = required, CustomParser = Amount };
        if (!required)
        {
            option.DefaultValueFactory = _ => BigInteger.Zero;
        }

        return option;
    }

    /// <summary>The challenge duration.</summary>
    public static Option<uint> ChallengeDuration() => new("--challenge-duration")
    {
        Description = "How long a challenge on chain stands open; 0 is the node's default",
        HelpName = "seconds",
    };

    private const string AmountForm = " (1000, 10gwei, 0.5ether)";

    private static BigInteger Amount(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (!Amounts.TryParse(text, out var amount))
        {
            result.AddError($"'{text}' is no amount: give whole units below 2^256, or a number followed by gwei or ether.");
        }

        return amount;
    }

    private static string Digits(ArgumentResult result, int characters, string expected) =>
        Checked(result, result.Tokens[0].Value, characters, expected);

    private static string Checked(ArgumentResult result, string text, int characters, string expected)
    {
        if (text.Length != characters || !text.StartsWith("0x", StringComparison.Ordinal) || !text[2..].All(char.IsAsciiHexDigit))
        {
            result.AddError($"'{text}' is not {expected}.");
        }

        return text;
    }
}

using System.Numerics;

namespace Nitro.Cli.Demo;

/// <summary>What an account is given at the start: wei, and units of the test token.</summary>
internal sealed record Grant(ReadOnlyMemory<byte> Account, BigInteger Wei, BigInteger Tokens);

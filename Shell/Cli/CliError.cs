namespace Nitro.Cli;

/// <summary>Something the operator must know or do; the message says what, why and what to do next.</summary>
internal sealed class CliError(string message, Exception? inner = null) : Exception(message, inner);

using System.Globalization;
using System.Numerics;

namespace Nitro.Cli.Demo;

/// <summary>What must hold. All checks of a step are made before the step fails, so that the operator sees every difference at once.</summary>
internal sealed class Checks
{
    private readonly List<string> _failures = [];

    /// <summary>How many were made.</summary>
    public int Made { get; private set; }

    /// <summary>Two amounts must be the same.</summary>
    public void Equal(string what, BigInteger expected, BigInteger found)
    {
        Made++;
        if (expected != found)
        {
            _failures.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: expected {expected}, found {found} (difference {found - expected})"));
        }
    }

    /// <summary>Something must be so.</summary>
    public void True(string what, bool holds)
    {
        Made++;
        if (!holds)
        {
            _failures.Add(what);
        }
    }

    /// <summary>Ends the story if something does not hold.</summary>
    /// <exception cref="CliError">With every difference.</exception>
    public void Require()
    {
        if (_failures.Count > 0)
        {
            throw new CliError("does not hold:\n  " + string.Join("\n  ", _failures));
        }
    }
}

using System.ComponentModel;
using Microsoft.Extensions.Configuration;

namespace Nitro.Host.Options;

/// <summary>Finds keys that no setting has, and values of another kind than their setting: a misspelt limit must not be silently none.</summary>
internal static class KnownKeys
{
    private const int FarthestHint = 4;

    /// <summary>One complaint for each unknown key, with the nearest known one, and for each value that cannot be read.</summary>
    internal static IReadOnlyList<string> Complaints(IConfiguration configuration)
    {
        var complaints = new List<string>();
        Walk(configuration, typeof(NodeOptions), complaints);
        return complaints;
    }

    private static void Walk(IConfiguration section, Type type, List<string> complaints)
    {
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>))
        {
            foreach (var child in section.GetChildren())
            {
                Enter(child, type.GetGenericArguments()[1], complaints);
            }
        }
        else if (type.Namespace == typeof(NodeOptions).Namespace)
        {
            var known = type.GetProperties();
            foreach (var child in section.GetChildren())
            {
                if (known.FirstOrDefault(property => property.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is { } property)
                {
                    Enter(child, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, complaints);
                }
                else
                {
                    complaints.Add(Unknown(child, [.. known.Select(property => char.ToLowerInvariant(property.Name[0]) + property.Name[1..])]));
                }
            }
        }
    }

    /// <summary>The binder passes silently over a value where a section stands, and the other way round.</summary>
    private static void Enter(IConfigurationSection section, Type type, List<string> complaints)
    {
        var isValue = type.IsPrimitive || type == typeof(string);
        if (isValue && section.GetChildren().Any())
        {
            complaints.Add($"{Name(section)} takes one value, not several.");
        }
        else if (!isValue && !string.IsNullOrEmpty(section.Value))
        {
            complaints.Add($"{Name(section)} is '{section.Value}': it takes {(type == typeof(List<string>) ? "a list of values" : "settings of its own, by name")}.");
        }
        else if (isValue && section.Value is null)
        {
            complaints.Add($"{Name(section)} is null: give a value, or leave it out.");
        }
        else if (type.IsPrimitive && !IsNumber(section.Value!, type))
        {
            complaints.Add($"{Name(section)} is '{section.Value}': it must be a whole number{(type == typeof(int) || type == typeof(long) ? "" : ", 0 or more")}.");
        }
        else
        {
            Walk(section, type, complaints);
        }
    }

    private static bool IsNumber(string text, Type type)
    {
        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text) is not null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or NotSupportedException or OverflowException)
        {
            return false;
        }
    }

    private static string Name(IConfigurationSection section) => section.Path.Replace(':', '.');

    private static string Unknown(IConfigurationSection child, IReadOnlyList<string> known)
    {
        var nearest = known.MinBy(name => Distance(name.ToLowerInvariant(), child.Key.ToLowerInvariant()))!;
        var hint = Distance(nearest.ToLowerInvariant(), child.Key.ToLowerInvariant()) <= FarthestHint
            ? $"did you mean {nearest}?"
            : $"known here: {string.Join(", ", known)}.";
        return $"{Name(child)} is no setting: {hint}";
    }

    /// <summary>How many letters to insert, drop or change to make one of the other.</summary>
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (from[i - 1] == to[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[to.Length];
    }
}
